"""The agent checks a failing connection by itself: once, then seldom, and never towards a locked account."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from insights_tui.agent import explaining
from insights_tui.agent.agent import Agent
from insights_tui.agent.explaining import Explaining
from insights_tui.delivery.status import ActiveTrouble, Link
from insights_tui.domain.check import CheckVerdict, Finding
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.settings import load_settings
from tests.agent.statuses import NOW, status, trouble

CONNECTION = Connection("insights", (Server("kafka-1", 9092),))
OTHER = replace(CONNECTION, topic="other")
DOWN = Link(phase="down", since=NOW)
UNREACHABLE = status(link=DOWN, troubles=(trouble(Code.KAFKA_UNREACHABLE),))
REFUSED = status(link=DOWN, troubles=(trouble(Code.AUTH_FAILED),))


class Watched:
    """An `Explaining` with a clock of its own and a check that answers what it is told to."""

    def __init__(self) -> None:
        self.at = 0.0
        self.checks: list[tuple[float, bool]] = []
        self.events: list[Occurrence] = []
        self.verdict: CheckVerdict | Exception = CheckVerdict(
            "failed", 1, 1, "Nothing listens at kafka-1:9092.", "Check the port.", Code.KAFKA_UNREACHABLE
        )
        self.explaining = Explaining(self._check, self.events.append, lambda: self.at)

    async def _check(self, connection: Connection, *, login: bool) -> CheckVerdict:
        self.checks.append((self.at, login))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    async def live(self, seconds: int, seen: object = UNREACHABLE, connection: Connection | None = CONNECTION) -> None:
        for _ in range(seconds):
            self.explaining.look(seen, connection)  # type: ignore[arg-type] # statuses, all of them
            for _ in range(3):
                await asyncio.sleep(0)
            self.at += 1.0


async def test_a_failure_that_lasts_is_checked_once_and_then_ever_more_seldom() -> None:
    watched = Watched()
    await watched.live(1000)
    assert [at for at, _ in watched.checks] == [2, 62, 182, 422, 902]
    (event,) = watched.events
    assert (event.code, event.level, event.subject) == ("connection_check", "warning", "insights")
    assert event.text == "Checked the connection: Nothing listens at kafka-1:9092."
    assert event.fix == "Check the port."


async def test_the_sentence_of_the_check_stands_where_the_engine_tells_of_the_failure() -> None:
    watched = Watched()
    await watched.live(3)
    told = watched.explaining.told(UNREACHABLE).troubles[0]
    before = UNREACHABLE.troubles[0]
    assert (told.trouble.what, told.trouble.act) == ("Nothing listens at kafka-1:9092.", "Check the port.")
    assert (told.since, told.trouble.code, told.trouble.subject) == (NOW, before.trouble.code, before.trouble.subject)
    assert watched.explaining.told(REFUSED) == REFUSED, "another failure keeps its own words"
    await watched.live(1, status())
    assert watched.explaining.told(UNREACHABLE) == UNREACHABLE, "what is over is not told"


async def test_what_is_over_at_once_or_does_not_fail_is_not_checked() -> None:
    watched = Watched()
    await watched.live(2)
    await watched.live(60, status())
    await watched.live(60, status(troubles=(trouble(Code.CERTIFICATE_EXPIRING),)))
    await watched.live(60, UNREACHABLE, None)
    assert not watched.checks


async def test_a_broker_of_several_that_fails_for_a_while_is_looked_into() -> None:
    watched = Watched()
    degraded = status(troubles=(trouble(Code.BROKER_UNREACHABLE, "kafka-1:9092"), trouble(Code.BROKER_UNREACHABLE)))
    await watched.live(8, degraded)
    assert not watched.checks
    await watched.live(4, degraded)
    assert watched.checks == [(8, True)]
    first, other = watched.explaining.told(degraded).troubles
    assert (first.trouble.what, first.trouble.act) == ("Nothing listens at kafka-1:9092.", "Check the port.")
    assert other == degraded.troubles[1], "the check's sentence is about another broker"


async def test_a_broker_that_the_cluster_lost_is_told_in_the_words_of_the_check() -> None:
    watched = Watched()
    found = Finding("broker_missing", "Broker 3 is not reported by the cluster.", "Look whether broker 3 runs.")
    watched.verdict = CheckVerdict("ok", 0, 2, "It works.", findings=(found,), degraded=True)
    lost = (trouble(Code.BROKER_UNREACHABLE, "broker 3"), trouble(Code.BROKER_UNREACHABLE, "broker 33"))
    degraded = status(troubles=lost)
    await watched.live(12, degraded)
    first, other = watched.explaining.told(degraded).troubles
    assert (first.trouble.what, first.trouble.act) == (found.what, found.fix)
    assert other == lost[1], "the check speaks of another broker"


async def test_replicas_that_are_missing_are_told_where_kafka_refuses_for_it() -> None:
    watched = Watched()
    watched.verdict = CheckVerdict("failed", 1, 3, "Broker 2 is gone.", "Bring it back.", Code.BROKER_REFUSES)
    refused = status(troubles=(trouble(Code.BROKER_REFUSES, "insights"),))
    await watched.live(12, refused)
    assert watched.explaining.told(refused).troubles[0].trouble.what == "Broker 2 is gone."


async def test_what_worked_is_remembered_until_the_connection_is_another() -> None:
    watched = Watched()
    refused = ActiveTrouble(Trouble(Code.AUTH_FAILED, "u", "No.", "Look.", "SaslAuthenticationFailed: no"), NOW)
    failing = status(link=DOWN, troubles=(refused,))
    await watched.live(1, status())
    await watched.live(1, failing)
    assert "was changed" in watched.explaining.told(failing).troubles[0].trouble.what
    await watched.live(1, failing, OTHER)
    assert watched.explaining.told(failing) == failing


async def test_a_login_that_the_engine_knows_to_be_refused_is_not_tried() -> None:
    watched = Watched()
    await watched.live(200, REFUSED)
    assert [login for _, login in watched.checks] == [False] * 3


async def test_where_just_the_login_is_refused_the_engines_words_stay() -> None:
    watched = Watched()
    watched.verdict = CheckVerdict("failed", 0, 1, "Up to the login all works.", "Look.", Code.AUTH_FAILED)
    await watched.live(5, REFUSED)
    assert watched.checks == [(2, False)]
    assert watched.explaining.told(REFUSED) == REFUSED
    assert not watched.events


async def test_a_login_that_the_check_was_refused_is_tried_again_only_after_an_edit() -> None:
    watched = Watched()
    watched.verdict = CheckVerdict("failed", 1, 1, "The login is refused.", "Edit it.", Code.AUTH_FAILED)
    await watched.live(200)
    assert [login for _, login in watched.checks] == [True, False, False]
    await watched.live(4, UNREACHABLE, OTHER)
    assert [login for _, login in watched.checks] == [True, False, False, True]


async def test_a_failure_that_comes_and_goes_is_not_checked_each_time() -> None:
    watched = Watched()
    for _ in range(20):
        await watched.live(4)
        await watched.live(1, status())
    assert len(watched.checks) <= 100 / explaining.OTHER_S + 1


async def test_a_check_that_finds_nothing_leaves_the_engines_words_and_is_an_event() -> None:
    watched = Watched()
    watched.verdict = CheckVerdict("ok", 0, 1, "The server works.")
    await watched.live(3)
    assert watched.explaining.told(UNREACHABLE) == UNREACHABLE
    assert [(event.level, event.text) for event in watched.events] == [
        ("info", "Checked the connection: The server works.")
    ]


async def test_a_check_that_breaks_is_told_and_harms_nobody() -> None:
    watched = Watched()
    watched.verdict = RuntimeError("a mistake")
    await watched.live(3)
    assert watched.explaining.told(UNREACHABLE) == UNREACHABLE
    assert "could not be checked" in watched.events[0].text
    await watched.explaining.stop()


async def test_problems_and_events_of_an_agent_carry_the_sentence_of_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "LASTS_S", 0.0)
    settings = load_settings(environ={"INSIGHTS_STATE_DIR": str(tmp_path / "state"), "INSIGHTS_LISTEN": "127.0.0.1:0"})
    agent = Agent(settings, places=settings.places, mode="service")
    await agent.start()
    try:
        form = ConnectionForm(topic="insights", broker_url="127.0.0.1:1,127.0.0.2:1")
        await agent.connect(form, check="skip", actor="test")
        async with asyncio.timeout(30):
            while not any(event.code == "connection_check" for event in agent.events()):
                await asyncio.sleep(0.02)
        (event,) = [event for event in agent.events() if event.code == "connection_check"]
        worst = agent.snapshot().problems[0]
        assert event.text == f"Checked the connection: {worst.what}"
        assert worst.what == "None of the 2 servers works. Nothing listens at 127.0.0.1:1."
        assert worst.act == event.fix == "Check the port, and whether the broker is running."
    finally:
        await agent.stop()
