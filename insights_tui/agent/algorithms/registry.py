"""The algorithms of one agent: one lookup on the hot path, everything else beside it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from insights_tui.agent.algorithms.file import AlgorithmsFile
from insights_tui.agent.algorithms.seen import Change, Seen, without_rate
from insights_tui.agent.algorithms.words import changed, file_trouble, forgotten, switched
from insights_tui.domain.algorithms import Algorithm, Algorithms, DecidedBy, Switch, Which
from insights_tui.domain.clock import Clock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.report import Names, Report

T = TypeVar("T")

HELD = 2000
"""Versions in memory; the others are on disk."""
MAX_SWITCHES = 10_000
FOLD_AT = 64
"""Reports of one version that wait to be folded in; a second at most.

Few, so that they are still in the processor's cache when they are folded: with 256 a payload in a batch took 0.3 µs
longer, with 32 the folding itself weighs more."""
TICK_S = 1.0
KEEP_EVERY_S = 5.0
"""Seconds after which what was seen is on disk."""
_CHANGES_TOLD = 50
"""Changes told in a second: names that somebody invents must not drown the event log."""


class Registry:
    """Says whether Insights is on, and watches what is reported."""

    def __init__(
        self, file: AlgorithmsFile, clock: Clock, note: Callable[[Occurrence], None], *, default_on: bool = True
    ) -> None:
        self._file, self._clock, self._note, self._default = file, clock, note, default_on
        self.entries: dict[Names, Seen] = {}
        """Those in memory; for the hot path to look into."""
        self._touched: list[Seen] = []
        self._unsaved: dict[Names, Seen] = {}
        self._gone: list[Seen] = []
        """Put out of memory, to be written."""
        self._switches: dict[Which, Switch] = {}
        self._forgotten = 0
        self._on_disk = 0
        self._kept_at = 0.0
        self._changes_left = _CHANGES_TOLD
        self._busy = asyncio.Lock()
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the switches; a file that cannot be used is set aside, and said so."""
        try:
            kept = await asyncio.to_thread(self._file.open)
            for switch in await asyncio.to_thread(self._file.switches):
                self._switches[Which(switch.owner, switch.name, switch.version)] = switch
            self._on_disk = await asyncio.to_thread(self._file.count)
        except (sqlite3.Error, OSError) as error:
            self._note(file_trouble(f"algorithms.db cannot be opened: {error}."))
        else:
            if kept:
                self._note(file_trouble(f"algorithms.db could not be read; it is kept as {kept}."))
        self._ticker = asyncio.create_task(self._ticking(), name="algorithms")

    async def stop(self) -> None:
        """Write what was seen, and let go of the file."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        self.fold()
        await self._keep()
        await asyncio.to_thread(self._file.close)

    # The hot path.

    def entry(self, names: Names) -> Seen:
        """Look an algorithm up; it appears where it was not known."""
        entry = self.entries.get(names)
        return entry if entry is not None else self._new(names)

    def took(self, entry: Seen, reports: Sequence[Report], latest: bytes) -> None:
        """Note reports that were accepted, and the value that the last of them is published as."""
        if not entry.waiting:
            self._touched.append(entry)
        entry.waiting += reports
        entry.latest = latest
        if len(entry.waiting) >= FOLD_AT:
            self._fold(entry)

    def look(self, entry: Seen) -> None:
        """Note that the first report waits, or that as many wait as may."""
        if len(entry.waiting) == 1:
            self._touched.append(entry)
        else:
            self._fold(entry)

    def refused(self, entry: Seen, count: int) -> None:
        """Note payloads that were not taken in because Insights is off."""
        entry.refused(count, self._clock.now())
        self._unsaved[entry.names] = entry

    def _new(self, names: Names) -> Seen:
        if len(self.entries) >= HELD:
            self._make_room()
        on, by = self._decide(names)
        entry = self.entries[names] = Seen(names, on=on, decided_by=by)
        return entry

    def _make_room(self) -> None:
        """Put a tenth out of memory, those that were silent longest; what waits too long for the disk is forgotten."""
        entries = sorted(self.entries.values(), key=lambda one: (bool(one.waiting), one.last_at))
        for entry in entries[: HELD // 10]:
            self._fold(entry)
            del self.entries[entry.names]
            self._unsaved.pop(entry.names, None)
            if entry.last_at:
                self._gone.append(entry)
        if len(self._gone) > HELD:
            self._forgotten += len(self._gone) - HELD
            del self._gone[:-HELD]

    def _decide(self, names: Names) -> tuple[bool, DecidedBy]:
        own = self._switches.get(Which(*names))
        if own is not None:
            return own.insights_enabled, "version"
        whole = self._switches.get(Which(names.owner, names.name))
        if whole is not None:
            return whole.insights_enabled, "algorithm"
        return self._default, "default"

    # Once a second.

    async def _ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.fold()
            if len(self._gone) > HELD // 4 or self._clock.boot() - self._kept_at >= KEEP_EVERY_S:
                self._kept_at = self._clock.boot()
                await self._keep()

    def fold(self) -> None:
        """Take over the reports that wait."""
        self._changes_left = _CHANGES_TOLD
        touched, self._touched = self._touched, []
        for entry in touched:
            self._fold(entry)

    def _fold(self, entry: Seen) -> None:
        if entry.waiting:
            self._say(entry.names, entry.fold(self._clock.now()))
            self._unsaved[entry.names] = entry

    def _say(self, names: Names, changes: Sequence[Change]) -> None:
        for change in changes[: self._changes_left]:
            self._note(changed(names, change))
        self._changes_left = max(0, self._changes_left - len(changes))

    async def _keep(self) -> None:
        """Write what was seen since the last time; what an earlier process knew of it is added first."""
        async with self._busy:
            gone, self._gone = self._gone, []
            unsaved, self._unsaved = list(self._unsaved.values()), {}
            entries = [*gone, *unsaved]
            fresh = [entry for entry in entries if entry.fresh]
            if not entries:
                return
            try:
                earlier = await asyncio.to_thread(self._file.look_up, [entry.names for entry in fresh])
                for entry in fresh:
                    if entry.names in earlier:
                        entry.add(earlier[entry.names])
                    entry.fresh = False
                now = self._clock.now()
                told = {entry.names: without_rate(entry.told(now, metrics=True, payload=True)) for entry in entries}
                excess = await asyncio.to_thread(self._file.keep, list(told.values()))
                self._on_disk = await asyncio.to_thread(self._file.count)
            except (sqlite3.Error, OSError) as error:
                self._note(file_trouble(f"algorithms.db cannot be written: {error}."))
                self._unsaved = {entry.names: entry for entry in unsaved} | self._unsaved
                return
            if excess:
                self._forgotten += excess
                self._note(forgotten())

    # What people ask for.

    async def listed(
        self,
        owner: str | None = None,
        name: str | None = None,
        *,
        metrics: bool = False,
        payload: bool = False,
        limit: int = 1000,
    ) -> Algorithms:
        """Tell the algorithms known, the one that reported last first."""
        self.fold()
        await self._keep()
        now = self._clock.now()
        found: dict[Names, Algorithm] = {}
        nothing: list[Algorithm] = []
        for one in await self._read(lambda: self._file.newest(limit, owner, name), nothing):
            names = Names(one.owner, one.name, one.version)
            on, by = self._decide(names)
            found[names] = replace(
                one,
                insights_enabled=on,
                decided_by=by,
                metrics=one.metrics if metrics else (),
                payload=one.payload if payload else None,
                rate_per_s=0.0,
            )
        switches = [one for one in self._switches.values() if owner is None or (one.owner, one.name) == (owner, name)]
        for switch in switches:
            names = Names(switch.owner, switch.name, switch.version or "")
            if switch.version is not None and names not in found and names not in self.entries:
                found[names] = Algorithm(*names, insights_enabled=switch.insights_enabled, decided_by="version")
        for names, entry in self.entries.items():
            asked = owner is None or (names.owner, names.name) == (owner, name)
            if asked and (entry.last_at or Which(*names) in self._switches):
                found[names] = entry.told(now, metrics=metrics, payload=payload)
        ordered = sorted(found.values(), key=_by_last)
        total = len(ordered) if owner is not None else max(len(ordered), self._on_disk)
        return Algorithms(
            insights_default=self._default,
            algorithms=tuple(ordered[:limit]),
            switches=tuple(sorted(switches, key=lambda one: (one.owner, one.name, one.version or ""))),
            total=total,
            forgotten=self._forgotten,
        )

    async def one(self, which: Which) -> Algorithm | None:
        """Tell one version with its metrics and its latest payload; `None` where it is not known."""
        found = await self.listed(which.owner, which.name, metrics=True, payload=True, limit=10_000)
        return next((one for one in found.algorithms if one.version == which.version), None)

    async def switch(self, which: Which, *, on: bool | None, actor: str) -> Algorithms:
        """Turn Insights on or off, or take that back (`None`); on disk when this returns. Raises `RefusedError`."""
        async with self._busy:
            if on is not None and which not in self._switches and len(self._switches) >= MAX_SWITCHES:
                text = f"There are {MAX_SWITCHES} switches already."
                raise RefusedError((FieldError("too_many_switches", text, "Take some back."),), status=409)
            switch = Switch(*which, insights_enabled=bool(on), changed_at=self._clock.now().utc, changed_by=actor)
            try:
                if on is None:
                    await asyncio.to_thread(self._file.unset_switch, *which)
                else:
                    await asyncio.to_thread(self._file.set_switch, switch)
            except (sqlite3.Error, OSError) as error:
                text = f"The switch cannot be written: {error}."
                wrong = FieldError("disk_full", text, "Look at the disk of the state directory.")
                raise RefusedError((wrong,), status=507) from None
            if on is None:
                self._switches.pop(which, None)
            else:
                self._switches[which] = switch
            for names, entry in self.entries.items():
                entry.on, entry.decided_by = self._decide(names)
        self._note(switched(which, on=on, actor=actor))
        return await self.listed(which.owner, which.name)

    async def _read(self, act: Callable[[], T], otherwise: T) -> T:
        async with self._busy:
            try:
                return await asyncio.to_thread(act)
            except (sqlite3.Error, OSError):
                return otherwise


def _by_last(one: Algorithm) -> tuple[float, str, str, str]:
    return (-(one.last_at.timestamp() if one.last_at else 0.0), one.owner, one.name, one.version)
