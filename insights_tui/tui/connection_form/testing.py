"""The form's test: every server step by step, beside the fields or over them; nothing is saved."""

from collections.abc import Sequence

from textual.widget import Widget
from textual.worker import Worker

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError
from insights_tui.domain.servers import parse_servers
from insights_tui.tui.checking.panel import CheckPanel
from insights_tui.tui.checking.run import run_check
from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.attempt import Answer
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.jump import FormJump
from insights_tui.tui.connection_form.messages import StepEnded, TestBegun
from insights_tui.tui.connection_form.tested import Tested
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.glyphs import Glyphs


class FormTest(FormJump):
    """Runs one test at a time; the form says what is around it."""

    _client: AgentApi
    _glyphs: Glyphs
    _worker: Worker[Answer] | None
    _tested: Tested

    async def _prepare(self, values: Values) -> ConnectionForm | Answer:
        raise NotImplementedError

    def _show_verdict(self, errors: Sequence[FieldError], offer: str = "") -> None:
        raise NotImplementedError

    def _ask(self, mode: Mode) -> None:
        raise NotImplementedError

    def _set_mode(self, mode: Mode, *, focus: Widget | None = None) -> None:
        raise NotImplementedError

    def _answered(self, answer: Answer) -> None:
        raise NotImplementedError

    def _start_test(self) -> None:
        if self._worker is not None and self._worker.is_running:
            return
        values = self.query_one(FormBody).values
        self._tested = Tested(values)
        self._worker = self.run_worker(self._test(values), group="test", exit_on_error=False)

    async def _test(self, values: Values) -> Answer:
        prepared = await self._prepare(values)
        if isinstance(prepared, Answer):
            return prepared
        self.post_message(TestBegun(tuple(str(server) for server in parse_servers(prepared.broker_url).servers)))
        return Answer(errors=await run_check(self._client, prepared, lambda item: self.post_message(StepEnded(item))))

    def on_test_begun(self, event: TestBegun) -> None:
        """Show the servers, and the steps from now on."""
        if self._worker is not None and self._worker.is_running:
            self._show_verdict(())
            self.query_one("#dialog").add_class("-tested")
            panel = self.results
            if panel is None:
                panel = CheckPanel(self._glyphs)
                self.query_one("#main").mount(panel)
            panel.begin(event.servers)
            self._ask(Mode.TESTING)

    def on_step_ended(self, event: StepEnded) -> None:
        """Fill it in."""
        panel = self.results
        if panel is not None:
            with self.app.batch_update():
                panel.take(event.item)

    def _test_ended(self, answer: Answer) -> None:
        actions, panel = self.query_one(Actions), self.results
        if panel is not None:
            panel.stop()
        if answer.errors:  # a field that does not hold, or no agent: there was no test
            self.query_one("#dialog").remove_class("-tested")
            self._tested = Tested()
            self._answered(answer)
        elif actions.mode is Mode.TESTING and panel is not None:
            self._tested = self._tested.ended(panel.verdict)
            if self.has_class("-roomy"):
                self._to_fields()
            else:
                self._set_mode(Mode.TESTED)
                actions.focus_on("connect" if self._tested.good else "fields")

    def _to_fields(self) -> None:
        """Show the fields again, with the focus where the repair most likely is."""
        body, actions, told = self.query_one(FormBody), self.query_one(Actions), self._tested.told
        with self.app.batch_update():
            self._show_verdict(() if self.has_class("-roomy") else told)
            self._set_mode(Mode.EDIT)
            wrong = body.first_wrong(about=self._tested.about) if told else None
            if wrong is not None:
                self.set_focus(wrong)
            else:
                actions.focus_first()
