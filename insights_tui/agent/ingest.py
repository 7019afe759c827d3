"""Ingest without HTTP: a body in, drafts accepted, or one refusal that is counted under its reason."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from uuid_utils import uuid4, uuid7

from insights_tui.agent.algorithms.file import AlgorithmsFile
from insights_tui.agent.algorithms.registry import FOLD_AT, Registry
from insights_tui.agent.algorithms.seen import Seen
from insights_tui.agent.control import Ingest
from insights_tui.domain.clock import Clock
from insights_tui.domain.fairness import Fairness
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Draft
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.report import (
    NO_FIELDS,
    BadReportError,
    Dropped,
    Names,
    Report,
    decode,
    decode_value,
    encode_value,
    names_of,
    read_payload,
    read_report,
)
from insights_tui.domain.text import spell
from insights_tui.spool.base import CommitTimeoutError, QueueFullError, SpoolFullError

MAX_LINES = 10_000
"""Payloads of one NDJSON body."""
NAMED_LINES = 20
"""Bad lines that a refusal names."""
NAMED_DROPS = 100
"""Dropped metrics that a reply names."""
NOTE_EVERY_S = 10.0
"""Seconds between two notes of refusals for the same reason: an overload must not flood the event log."""
NOTED_DROPS = 1000
"""Dropped metrics remembered so that each is noted once."""
_BREATH = 200
"""Lines after which other connections get a turn."""
_SHOWN = 80


_new_draft: Callable[[type[Draft], tuple[Any, ...]], Draft] = tuple.__new__  # skips the named constructor


def shortened(names: Sequence[str]) -> tuple[str, ...]:
    """Bound the names of a reply, in number and length."""
    return tuple([name[:_SHOWN] for name in names[:NAMED_DROPS]])


class NotAcceptedError(RefusedError):
    """A payload that was not accepted; `reason` is `None` where it may still be (a slow commit)."""

    def __init__(
        self,
        errors: tuple[FieldError, ...],
        *,
        status: int,
        reason: Refusal | None,
        retry_after_s: int | None = None,
        count: int = 1,
    ) -> None:
        super().__init__(errors, status=status)
        self.reason = reason
        self.retry_after_s = retry_after_s
        """Seconds to wait before another attempt, where one may succeed."""
        self.count = count


class Taken(NamedTuple):
    """What was accepted."""

    ids: Sequence[str]
    dropped: Sequence[str] = ()
    """Names of metrics left out, bounded in number and length."""
    dropped_count: int = 0
    replaced: Sequence[str] = ()
    """Names of metrics that were reported more than once: the last value counts."""
    disabled: int = 0
    """Payloads that were not taken in because Insights is off for their algorithm."""


RecordKey = Literal["none", "request_id", "algorithm"]


class Intake:
    """Turns reports into drafts and hands them to the engine; every refusal is counted here, once."""

    def __init__(
        self,
        ingest: Ingest,
        clock: Clock,
        names: Names,
        algorithms: Registry | None = None,
        record_key: RecordKey = "none",
    ) -> None:
        self._algorithms = algorithms or Registry(AlgorithmsFile(None), clock, ingest.note)
        self._known = self._algorithms.entries
        self._key = record_key
        self._keyed = record_key != "none"
        self._ingest = ingest
        self._clock = clock
        self._names = names
        self._second = -1
        self._stamp = ""
        self._drops: set[tuple[str, str, str]] = set()
        self._noted_at: dict[Refusal, float] = {}
        self._fairness = Fairness()

    async def report(self, body: bytes, names: Names | None = None) -> Taken:
        """Take one report of one execution in; returns after the commit, raises `NotAcceptedError`."""
        return await self._one(body, names or self._names, of_client=True)

    async def payload(self, body: bytes, names: Names | None = None) -> Taken:
        """Take one flat object in; returns after the commit, raises `NotAcceptedError`."""
        return await self._one(body, names or self._names, of_client=False)

    async def payloads(self, body: bytes, names: Names | None = None) -> Taken:
        """Take NDJSON in, all or none; returns after the commit, raises `NotAcceptedError` naming the bad lines."""
        names = names or self._names
        lines = body.split(b"\n")
        filled = sum(1 for line in lines if line.strip())
        if filled > MAX_LINES:
            error = FieldError(
                "too_many_lines",
                f"The body holds {filled} payloads; at most {MAX_LINES} are allowed.",
                "Send them in several calls.",
            )
            raise self.refuse((error,), status=413, reason=Refusal.TOO_LARGE, count=filled)
        drafts: list[Draft] = []
        dropped: list[Dropped] = []
        bad: list[tuple[int, BadReportError]] = []
        owners: list[Seen] = []
        reports: list[Report] = []
        off: list[Seen] = []
        usual = self._algorithms.entry(names)
        time = self._time()
        for number, line in enumerate(lines, 1):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
                time = self._time()
            if not line.strip():
                continue
            try:
                report = read_payload(decode(line))
            except BadReportError as error:
                bad.append((number, error))
                continue
            own = usual if report.given is NO_FIELDS else self._entry(report, names)
            if not own.on:
                off.append(own)
                continue
            owners.append(own)
            reports.append(report)
            drafts.append(_draft(report, names, time))
            dropped += report.dropped
        if bad:
            raise self._bad_lines(bad, filled)
        if drafts:
            await self._accept_lines(drafts, owners, reports, names)
        self.disabled(*off)
        return self._taken([draft.id for draft in drafts], dropped, names)._replace(disabled=len(off))

    def refuse(
        self,
        errors: tuple[FieldError, ...],
        *,
        status: int,
        reason: Refusal | None,
        retry_after_s: int | None = None,
        count: int = 1,
    ) -> NotAcceptedError:
        """Count payloads that are not accepted, note it now and then, and make the error to raise."""
        if reason is not None:
            self._ingest.refused(reason, count)
            now = self._clock.boot()
            if now - self._noted_at.get(reason, -NOTE_EVERY_S) >= NOTE_EVERY_S:
                self._noted_at[reason] = now
                error = errors[0]
                self._ingest.note(Occurrence("warning", f"refused_{reason.value}", "ingest", error.message, error.hint))
        return NotAcceptedError(errors, status=status, reason=reason, retry_after_s=retry_after_s, count=count)

    async def _one(self, body: bytes, names: Names, *, of_client: bool) -> Taken:
        try:
            decoded = decode(body)
            report = read_report(decoded) if of_client else read_payload(decoded)
        except BadReportError as bad:
            status = 413 if bad.reason is Refusal.TOO_LARGE else 400
            raise self.refuse((bad.error,), status=status, reason=bad.reason) from None
        entry = self._known.get(names) if not report.given else None
        if entry is None:
            entry = self._entry(report, names)
        if not entry.on:
            self.disabled(entry)
            return Taken((), disabled=1)
        draft = _draft(report, names, self._time())
        if self._keyed:
            draft = self._with_key(draft, entry.names)
        await self.accept((draft,), names)
        entry.waiting.append(report)
        entry.latest = draft.value
        if len(entry.waiting) == 1 or len(entry.waiting) >= FOLD_AT:
            self._algorithms.look(entry)
        if report.dropped or report.replaced:
            return self._taken((draft.id,), report.dropped, names)._replace(replaced=shortened(report.replaced))
        return Taken((draft.id,))

    def _time(self) -> str:
        # The part up to the second is kept: formatting it anew costs more than the whole rest of a payload.
        second, micro = divmod(int(self._clock.now().wall * 1_000_000), 1_000_000)
        if second != self._second:
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = second
        return f"{self._stamp}.{micro:06d}"

    async def _accept_lines(
        self, drafts: Sequence[Draft], owners: Sequence[Seen], reports: Sequence[Report], names: Names
    ) -> None:
        if self._keyed:
            drafts = [self._with_key(draft, own.names) for draft, own in zip(drafts, owners, strict=True)]
        await self.accept(drafts, names)
        at = 0
        for own, several in groupby(owners):
            count = len(list(several))
            self._algorithms.took(own, reports[at : at + count], drafts[at + count - 1].value)
            at += count

    def _entry(self, report: Report, names: Names) -> Seen:
        return self._algorithms.entry(names_of(report.given, names) if report.given else names)

    def disabled(self, *entries: Seen) -> None:
        """Count payloads that are not taken in because Insights is off, one for each entry."""
        for entry in entries:
            self._ingest.refused(Refusal.DISABLED)
            self._algorithms.refused(entry, 1)

    def entry(self, names: Names) -> Seen:
        """Look an algorithm up: whether Insights is on, and what was seen of it."""
        return self._algorithms.entry(names)

    def took(self, entry: Seen, report: Report, value: bytes) -> None:
        """Note what an execution reported whose payload was accepted, and the value that it is published as."""
        self._algorithms.took(entry, (report,), value)

    def record_key(self, names: Names, request_id: str) -> bytes | None:
        """Give the key of a record, as the setting wants it."""
        if self._key == "algorithm":
            return "/".join(names).encode("utf-8", "replace")
        return request_id.encode("utf-8", "replace") if self._key == "request_id" else None

    def _with_key(self, draft: Draft, names: Names) -> Draft:
        request_id = str(decode_value(draft.value)["request_id"]) if self._key == "request_id" else ""
        return draft._replace(key=self.record_key(names, request_id))

    async def accept(self, drafts: Sequence[Draft], names: Names, ended: Sequence[bytes] = ()) -> None:
        """Hand drafts to the engine; returns after the commit, raises `NotAcceptedError`.

        `ended` are the keys of executions that end with them: noted in the same commit.
        """
        source, fill = (names.owner, names.name), self._ingest.fill()
        if not self._fairness.admits(source, len(drafts), fill=fill, now=self._clock.boot()):
            error = FieldError(
                "queue_full",
                "The queue is nearly full, and this algorithm has filled more than its share of it.",
                "Send it again later: what room is left is kept for the others. Mend delivery to Kafka.",
            )
            raise self.refuse((error,), status=429, reason=Refusal.QUEUE_FULL, retry_after_s=5, count=len(drafts))
        try:
            await (self._ingest.accept(drafts, ended) if ended else self._ingest.accept(drafts))
        except QueueFullError:
            error = FieldError(
                "queue_full",
                "As many payloads are pending as the settings allow; nothing of this call was accepted.",
                "Send it again later, mend delivery to Kafka, or raise INSIGHTS_QUEUE__MAX_PAYLOADS.",
            )
            raise self.refuse(
                (error,), status=429, reason=Refusal.QUEUE_FULL, retry_after_s=5, count=len(drafts)
            ) from None
        except SpoolFullError:
            error = FieldError(
                "disk_full",
                "There is no room for more payloads; nothing of this call was accepted.",
                "Send it again later, free disk space in the state directory, or raise INSIGHTS_SPOOL__MAX_BYTES.",
            )
            raise self.refuse(
                (error,), status=507, reason=Refusal.DISK_FULL, retry_after_s=10, count=len(drafts)
            ) from None
        except CommitTimeoutError:
            error = FieldError(
                "commit_timeout",
                "The commit took longer than a second: it may still be accepted.",
                "Send it again only where a duplicate does no harm; look at the disk of the state directory.",
            )
            # Not counted as refused: if the commit lands, it counts as accepted.
            raise self.refuse((error,), status=503, reason=None, retry_after_s=1) from None

    def _bad_lines(self, bad: list[tuple[int, BadReportError]], filled: int) -> NotAcceptedError:
        errors = [
            FieldError(error.error.code, f"Line {number}: {error.error.message}", error.error.hint, f"line {number}")
            for number, error in bad[:NAMED_LINES]
        ]
        if len(bad) > NAMED_LINES:
            more = f"{len(bad) - NAMED_LINES} more lines are wrong."
            errors.append(FieldError("more", more, "Mend the lines named and send again."))
        large = all(error.reason is Refusal.TOO_LARGE for _, error in bad)
        reason = Refusal.TOO_LARGE if large else Refusal.INVALID
        return self.refuse(tuple(errors), status=413 if large else 400, reason=reason, count=filled)

    def _taken(self, ids: Sequence[str], dropped: Sequence[Dropped], names: Names) -> Taken:
        named: dict[str, None] = {}
        for drop in dropped:
            if len(named) >= NAMED_DROPS:
                break
            named[drop.name[:_SHOWN]] = None
            self._note_drop(drop, names)
        return Taken(ids, tuple(named), len(dropped))

    def say_dropped(self, dropped: Sequence[Dropped], names: Names) -> Taken:
        """Name the metrics that a report to an execution lost, in the reply and once for each in an event."""
        return self._taken((), dropped, names)

    def _note_drop(self, drop: Dropped, names: Names) -> None:
        key = (names.owner, names.name, drop.name[:_SHOWN])
        if key in self._drops or len(self._drops) >= NOTED_DROPS:
            return
        self._drops.add(key)
        shown = json.dumps(drop.name[:_SHOWN])  # ASCII with escapes: the name is foreign text
        algorithm = spell(f"{names.owner}/{names.name}")
        self._ingest.note(
            Occurrence(
                "warning",
                "metric_dropped",
                f"{algorithm} {shown}",
                f"Metric {shown} of {algorithm} is left out: {drop.why}.",
                "Report numbers under names that are not reserved; the rest of the report is accepted.",
            )
        )


def _draft(report: Report, names: Names, time: str) -> Draft:
    value = encode_value(
        report.metrics,
        names=names,
        request_id=f"req-{uuid4()}",
        session_id=f"rses-{uuid4()}",
        time=time,
        given=report.given,
    )
    return _new_draft(Draft, (str(uuid7()), value, None))
