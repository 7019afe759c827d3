"""The form's attempt: what is sent to the agent, and what follows from its answer."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from textual.worker import Worker, WorkerState

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.attempt import Answer, Check, ask, broken, load, prepare
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.meanwhile import CODE, Meanwhile
from insights_tui.tui.connection_form.messages import Asked
from insights_tui.tui.connection_form.testing import FormTest
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.connection_form.words import OFFER_TEST

STOPPED = FieldError(
    "stopped",
    "Stopped waiting.",
    "The agent may have finished all the same: the page shows which connection is saved.",
)


class FormAttempt(FormTest):
    """Runs one attempt at a time; the form says what is around it."""

    _now: Callable[[], datetime]
    _saved: SavedConnection | None
    _done: bool
    _refused: Values | None
    _meanwhile: Meanwhile

    def _connect(self) -> None:
        if self._meanwhile.told is not None:
            self._ask(Mode.ASK_OVER if self._meanwhile.now else Mode.ASK_ANEW)
        elif self._tested.asks(self.query_one(FormBody).values):
            self._ask(Mode.ASK_CONNECT)
        else:
            self._start("require")

    def _start(self, check: Check) -> None:
        if self._worker is not None and self._worker.is_running:
            return
        values = self.query_one(FormBody).values  # as they stand now: what is typed from here on is not sent
        self._worker = self.run_worker(self._attempt(values, check), group="connect", exit_on_error=False)

    async def _attempt(self, values: Values, check: Check) -> Answer:
        prepared = await self._prepare(values)
        if isinstance(prepared, Answer):
            return prepared
        self.post_message(Asked())
        return await ask(self._client, prepared, check, self._meanwhile.over)

    async def _prepare(self, values: Values) -> ConnectionForm | Answer:
        body = self.query_one(FormBody)
        if not body.findings.loaded:  # else a certificate that nobody has seen would be taken away
            loaded = await load(self._client)
            if isinstance(loaded, Answer):
                return loaded
            body.take_saved(loaded)
            values = body.values
        return await prepare(values, body.findings.saved, os.environ, self._now())

    def on_asked(self) -> None:
        """Show that Kafka is being asked."""
        if self._worker is not None and self._worker.is_running:
            self._show_verdict(())
            self._ask(Mode.CONNECTING)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show how the attempt ended."""
        event.stop()
        if event.worker is not self._worker:
            return
        test = event.worker.group == "test"
        take = self._test_ended if test else self._answered
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            take(event.worker.result)
        elif event.state is WorkerState.CANCELLED:
            take(Answer(errors=() if test else (STOPPED,)))
        elif event.state is WorkerState.ERROR:  # a bug of ours: the form and what was typed survive it
            take(broken(event.worker.error))

    def _answered(self, answer: Answer) -> None:
        if answer.saved is not None:
            self._leave(answer.saved)
            return
        body, actions = self.query_one(FormBody), self.query_one(Actions)
        changed = next((error for error in answer.errors if error.code == CODE), None)
        if changed is not None:  # the snapshot that tells it has not come yet
            self._meanwhile = replace(self._meanwhile, told=changed)
            self._show_verdict(())
            self._set_mode(Mode.EDIT)
            self._ask(Mode.ASK_OVER)
            return
        self._refused = body.values
        with self.app.batch_update():
            general = body.take_errors(answer.errors)
            self._show_verdict(general, self.told.words(OFFER_TEST) if answer.may_skip else "")
            self._set_mode(Mode.REFUSED if answer.may_skip else Mode.EDIT)
            actions.set_count(body.problems)
            wrong = body.first_wrong(general)
            if wrong is not None:
                self.set_focus(wrong)
            else:
                actions.focus_first()

    def _leave(self, saved: SavedConnection | None) -> None:
        self.query_one(FormBody).forget()
        self._saved, self._done = saved, True
        self._give()

    def on_screen_resume(self) -> None:
        """Leave now, where another screen stood on top when it was time."""
        self._give()

    def _give(self) -> None:
        if self._done and self.is_active:  # `dismiss` takes away whatever is on top
            self.dismiss(self._saved)
