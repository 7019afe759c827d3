"""Running a check in a test: what it told, and that it let go of everything."""

import asyncio
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.text import sanitize
from insights_tui.kafka.check import CheckLimits, check

ORDER = list(Step)
PATIENT = CheckLimits(tcp_s=10, tls_s=10, answer_s=10, login_s=10, look_s=5, total_s=60)
"""For a machine that is busy: nothing that works may fail for time."""


@dataclass(frozen=True)
class Checked:
    """Everything that a check told."""

    steps: list[CheckStep]
    verdict: CheckVerdict

    def of(self, server: Server | str, role: Role = Role.BOOTSTRAP) -> dict[Step, CheckStep]:
        """The steps of one server."""
        return {step.step: step for step in self.steps if step.server == str(server) and step.role is role}

    def failures(self, role: Role | None = None) -> list[CheckStep]:
        """The steps that failed."""
        return [step for step in self.steps if step.state is StepState.FAILED and role in (None, step.role)]

    @property
    def failure(self) -> CheckStep:
        """The one step that failed."""
        (step,) = self.failures()
        return step

    @property
    def findings(self) -> dict[str, Finding]:
        """By code."""
        return {one.code: one for one in self.verdict.findings}

    @property
    def hints(self) -> dict[str, Finding]:
        """By code."""
        return {one.code: one for one in self.verdict.hints}


def ours() -> list[object]:
    """What runs of ours or of aiokafka's just now."""
    running = [task.get_coro() for task in asyncio.all_tasks()]
    places = ("insights_tui/kafka/", "aiokafka/")
    return [one for one in running if any(place in one.cr_code.co_filename for place in places)]  # type: ignore[union-attr]


async def run_check(
    connection: Connection, *, limits: CheckLimits | None = None, now: datetime | None = None, login: bool = True
) -> Checked:
    """Run a check to its end; everything that it told holds together, is fit for a terminal, and no task is left."""
    items = [
        item async for item in check(connection, limits=limits or PATIENT, now=now or datetime.now(UTC), login=login)
    ]
    assert not ours(), "a task is left"
    *steps, verdict = items
    assert isinstance(verdict, CheckVerdict)
    told = Checked([step for step in steps if isinstance(step, CheckStep)], verdict)
    assert len(told.steps) == len(steps)
    _holds_together(told)
    return told


def _holds_together(told: Checked) -> None:
    servers = {(step.server, step.role) for step in told.steps}
    for server, role in servers:
        mine = [step for step in told.steps if (step.server, step.role) == (server, role)]
        assert [step.step for step in mine] == ORDER, "each step once, in order"
    for item in (*told.steps, told.verdict, *told.verdict.findings, *told.verdict.hints):
        _fit_for_a_terminal(item)
    for step in told.failures():
        assert step.code is not None
        for sentence in (step.cause, *step.fixes):
            assert sentence.endswith("."), sentence
        assert step.fix == step.fixes[0]
        assert step.ms is not None
    for finding in (*told.verdict.findings, *told.verdict.hints):
        assert finding.what.endswith("."), finding
        assert finding.fix.endswith("."), finding
    assert told.verdict.sentence.endswith(".")
    works = told.verdict.verdict == "ok"
    assert (works and not told.verdict.degraded) == (told.verdict.fix == "")
    assert works or not told.verdict.degraded


def _fit_for_a_terminal(item: object) -> None:
    for field in fields(item):  # type: ignore[arg-type] # each is a dataclass
        value = getattr(item, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert text == sanitize(text, limit=1000), (field.name, text)
