"""The acts of the view Lost: what is asked for is counted and said first; an act that was agreed to goes on."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from textual.worker import Worker

from insights_tui.client.protocol import LostApi
from insights_tui.domain.lost import LostFilter
from insights_tui.tui.views.list_view import ListView
from insights_tui.tui.views.lost.acts import (
    FAILURES,
    Asked,
    do_drop,
    do_export,
    do_redrive,
    plan_drop,
    plan_redrive,
    reason_of,
)


class LostActs(ListView):
    """Redrives, drops and exports; the view says what is marked and filtered."""

    _client: LostApi
    _marks: dict[str, None]
    _which: LostFilter
    _exporting: Worker[None] | None

    async def _reload(self, *, to_top: bool = False) -> None:
        raise NotImplementedError

    @property
    def _topic(self) -> str | None:
        snapshot = self.frame.snapshot
        return snapshot.connection.topic if snapshot is not None and snapshot.connection is not None else None

    def _asked_for(self) -> LostFilter:
        return LostFilter(ids=frozenset(self._marks)) if self._marks else self._which

    def action_redrive(self) -> None:
        """Send them again, after saying what will happen."""
        self.work(partial(self._ask, lambda: plan_redrive(self._client, self._asked_for(), self._topic), do_redrive))

    def action_drop(self) -> None:
        """Close them for good, after asking."""
        self.work(partial(self._ask, lambda: self._plan_drop(self._asked_for()), do_drop))

    async def _plan_drop(self, which: LostFilter) -> Asked:
        snapshot, told = self.frame.snapshot, self.space.told
        if snapshot is None or which.ids:
            return await plan_drop(self._client, which, told)
        lost_open, damaged = snapshot.lost_open, snapshot.counts.damaged
        return await plan_drop(self._client, which, told, lost_open=lost_open, damaged=damaged)

    def action_which_delete(self) -> None:
        """Take neither: elsewhere `d` deletes the connection, and here somebody may mean the payloads."""
        self.say(self.space.told.words("Here {del} drops lost payloads; no key deletes the connection."))

    def action_export(self) -> None:
        """Write them to a file; once more stops it."""
        if self._exporting is not None and self._exporting.is_running:
            self._exporting.cancel()
            self.say("Export stopped; the file is removed.")
        else:
            self._exporting = self.run_worker(self._export(), group="lost-export", exit_on_error=False)

    async def _export(self) -> None:
        def progress(count: int) -> None:
            self.say(f"{count:,} exported so far; {self.space.told('x')} stops.")

        try:
            done = await do_export(self._client, self._asked_for(), datetime.now(UTC), progress)
        except FAILURES as error:
            self.say(f"Nothing was exported. {reason_of(error)}", "bad")
        else:
            self.say(done, "good")

    async def _ask(self, plan: Callable[[], Awaitable[Asked]], act: Callable[[LostApi, Asked], Awaitable[str]]) -> None:
        self.say("Counting.")
        try:
            asked = await plan()
        except FAILURES as error:
            self.say(f"Nothing was done. {reason_of(error)}", "bad")
            return
        self.say(asked.nothing)
        if asked.question is not None:
            self.ask(asked.question, partial(self._answered, asked, act))

    def _answered(self, asked: Asked, act: Callable[[LostApi, Asked], Awaitable[str]], agreed: bool | None) -> None:
        if agreed:  # nothing cancels it: half an act is told by nobody
            self.run_worker(self._act(asked, act), group="lost-act", exit_on_error=False)

    async def _act(self, asked: Asked, act: Callable[[LostApi, Asked], Awaitable[str]]) -> None:
        self.say("Under way.")
        try:
            self.say(await act(self._client, asked), "good")
        except FAILURES as error:
            self.say(reason_of(error), "bad")
        self._marks.clear()
        if self._shown:
            self.work(self._reload)
