"""The connection's life: what is proven before a swap, whose words a refusal has, and the way back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from insights_tui.agent import connecting
from insights_tui.agent.checking import AT_ONCE, Checking, Steps
from insights_tui.agent.connecting import Connecting
from insights_tui.agent.store import ConnectionStore, prepare_state_dir
from insights_tui.delivery.engine import Engine
from insights_tui.domain.check import CheckStep, CheckVerdict, Role, Step, StepState
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, Secret, Server
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.verify import KafkaTroubleError

MARKER = "marker-pw-31"
PLAIN = ConnectionForm("insights", "k1:9092")
SASL = ConnectionForm("secured", "k1:9093", "kafka_sasl_ssl", "PLAIN", "u", Secret(MARKER))
VERDICT = CheckVerdict("failed", 1, 2, "All servers speak TLS.", "Use the other port.", Code.TLS_FAILED)


class FakeEngine:
    """Remembers what it was told to use."""

    def __init__(self) -> None:
        self.used: list[Connection | None] = []

    def use(self, connection: Connection | None) -> None:
        self.used.append(connection)

    def status(self) -> Any:
        class Counts:
            pending = 3

        class Status:
            counts = Counts()

        return Status()


class Kafka:
    """What `verify` and `explain` find; `explained` counts the second look."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.verdict = VERDICT
        self.explained = 0
        self.verified: list[Connection] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What others do while Kafka is asked."""

    async def verify(self, connection: Connection, *, timeout_s: float) -> None:
        self.verified.append(connection)
        self.meanwhile()
        if self.trouble is not None:
            raise KafkaTroubleError(self.trouble)

    async def explain(self, connection: Connection, *, now: datetime) -> CheckVerdict:
        assert now.tzinfo is UTC
        self.explained += 1
        return self.verdict


class Life:
    """One `Connecting` with everything around it faked."""

    def __init__(self, state: Path) -> None:
        prepare_state_dir(state)
        self.engine, self.notes = FakeEngine(), list[Occurrence]()
        self.connecting = Connecting(
            ConnectionStore(state), cast("Engine", self.engine), SystemClock(), self.notes.append
        )

    async def connect(self, form: ConnectionForm, check: Any = "skip", over: int | None = None) -> int:
        return (await self.connecting.connect(form, check=check, actor="alice", over=over)).revision

    async def back(self, revision: int, check: Any = "require") -> int:
        return (await self.connecting.go_back(revision, check=check, actor="bob")).revision


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    fake = Kafka()
    monkeypatch.setattr(connecting, "verify", fake.verify)
    monkeypatch.setattr(connecting, "explain", fake.explain)
    return fake


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path / "state")


def trouble(code: Code) -> Trouble:
    return Trouble(code, "k1:9092", "k1:9092 does not work.", "Look at it.")


async def test_a_bad_edit_leaves_the_old_connection_and_says_what_the_check_says(life: Life, kafka: Kafka) -> None:
    await life.connect(PLAIN)
    kafka.trouble = trouble(Code.KAFKA_UNREACHABLE)
    with pytest.raises(RefusedError) as refused:
        await life.connect(SASL, "require")
    (error,) = refused.value.errors
    assert (error.code, error.message, error.hint) == ("tls_failed", "All servers speak TLS.", "Use the other port.")
    assert len(life.engine.used) == 1
    assert life.connecting.connection() == life.engine.used[0]
    assert [note.actor for note in life.notes] == ["alice"]


@pytest.mark.parametrize("code", [Code.AUTH_FAILED, Code.MECHANISM_REFUSED])
async def test_a_refused_login_is_not_tried_twice(life: Life, kafka: Kafka, code: Code) -> None:
    kafka.trouble = trouble(code)
    with pytest.raises(RefusedError, match="does not work") as refused:
        await life.connect(SASL, "require")
    assert refused.value.errors[0].code == code.value
    assert kafka.explained == 0


async def test_trouble_that_the_check_does_not_find_again_keeps_its_own_words(life: Life, kafka: Kafka) -> None:
    kafka.trouble = trouble(Code.NO_LEADER)
    kafka.verdict = CheckVerdict("ok", 0)
    with pytest.raises(RefusedError, match="k1:9092 does not work"):
        await life.connect(PLAIN, "require")


async def test_going_back_takes_the_password_along_and_says_who_did_it(life: Life, kafka: Kafka) -> None:
    await life.connect(SASL)
    await life.connect(PLAIN)
    assert await life.back(1) == 3
    (verified,) = kafka.verified
    used = life.engine.used[-1]
    assert used == verified
    assert used is not None
    assert (used.topic, used.password) == ("secured", Secret(MARKER))
    note = life.notes[-1]
    assert note.text == (
        "Went back to revision 1. Connection edited: 3 pending payloads go to topic secured instead of insights."
    )
    assert note.actor == "bob"
    assert [(one.revision, one.in_use) for one in life.connecting.revisions()] == [(3, True), (2, False), (1, False)]


async def test_going_back_to_what_does_not_work_changes_nothing(life: Life, kafka: Kafka) -> None:
    await life.connect(SASL)
    await life.connect(PLAIN)
    kafka.trouble = trouble(Code.TLS_FAILED)
    with pytest.raises(RefusedError, match="All servers speak TLS"):
        await life.back(1)
    assert len(life.engine.used) == 2
    assert await life.back(1, check="skip") == 3


async def test_what_is_to_be_checked_follows_the_rules_of_connect(life: Life, kafka: Kafka) -> None:
    with pytest.raises(RefusedError) as refused:
        life.connecting.to_check(None)
    assert (refused.value.status, refused.value.errors[0].code) == (404, "no_connection")
    await life.connect(SASL)
    saved = life.connecting.to_check(None)
    assert saved.password == Secret(MARKER)
    left_out = ConnectionForm("other", "k1:9093", "kafka_sasl_ssl", "PLAIN", "u")
    assert life.connecting.to_check(left_out).password == Secret(MARKER)
    elsewhere = ConnectionForm("other", "evil:9093", "kafka_sasl_ssl", "PLAIN", "u")
    with pytest.raises(RefusedError, match="evil:9093 was not among the servers"):
        life.connecting.to_check(elsewhere)
    assert len(life.engine.used) == 1


async def test_nobody_saves_over_a_change_that_he_has_not_seen(life: Life, kafka: Kafka) -> None:
    assert await life.connect(PLAIN, over=0) == 1
    assert await life.connect(SASL, over=1) == 2
    with pytest.raises(RefusedError, match=r"alice saved topic secured at \d\d:\d\d:\d\dZ, after") as refused:
        await life.connect(PLAIN, over=1)
    assert (refused.value.status, refused.value.errors[0].code) == (409, "changed_meanwhile")
    kafka.meanwhile = lambda: life.connecting.disconnect(actor="bob")  # a deletion waits for nobody
    with pytest.raises(RefusedError, match="bob deleted the connection"):
        await life.connect(PLAIN, "require", over=2)
    assert life.connecting.connection() is None
    with pytest.raises(RefusedError, match="bob deleted the connection"):
        await life.connect(PLAIN, over=2)
    assert await life.connect(PLAIN) == 4


async def test_checks_are_few_at_a_time_and_a_closed_one_makes_room() -> None:
    ended = 0

    async def run(_: Connection) -> Steps:
        nonlocal ended
        try:
            yield CheckStep("k1:9092", Role.BOOTSTRAP, Step.DNS, StepState.OK)
            await asyncio.Event().wait()
        finally:
            ended += 1

    checking = Checking(run)
    connection = Connection("t", (Server("k1", 9092),))
    under_way = [checking.check(connection) for _ in range(AT_ONCE)]
    for one in under_way:
        await anext(one)
    with pytest.raises(RefusedError) as refused:
        checking.check(connection)
    assert refused.value.status == 429
    await cast("Steps", under_way[0]).aclose()
    assert ended == 1
    under_way[0] = checking.check(connection)
    await anext(under_way[0])
    for one in under_way:
        await cast("Steps", one).aclose()
    assert ended == AT_ONCE + 1
