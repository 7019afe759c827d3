"""The one word and the problems: a table of what holds and what must be said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from insights_tui.agent.assess import Circumstances, Sinces, findings, state_of
from insights_tui.delivery.status import Link
from insights_tui.domain.clock import Moment
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Capacity, CaSummary, Counts, State
from insights_tui.domain.trouble import Code
from tests.agent.statuses import NOW, status, trouble

ROOM = Capacity(durability="memory", queue_payloads=0, queue_max_payloads=100)
AROUND = Circumstances(connected=True, ca=None, capacity=ROOM, refusing=None)
UP = Link(phase="up", since=NOW)
DOWN = Link(phase="down", since=NOW)
CONNECTING = Link(phase="connecting", since=NOW)


@pytest.mark.parametrize(
    ("link", "codes", "state"),
    [
        (UP, (), State.CONNECTED),
        (CONNECTING, (), State.CONNECTING),
        (DOWN, (), State.UNREACHABLE),
        (DOWN, (Code.KAFKA_UNREACHABLE,), State.UNREACHABLE),
        (DOWN, (Code.NAME_NOT_RESOLVED,), State.UNREACHABLE),
        (DOWN, (Code.TLS_FAILED,), State.TLS_FAILED),
        (DOWN, (Code.AUTH_FAILED,), State.AUTH_FAILED),
        (DOWN, (Code.MECHANISM_REFUSED,), State.AUTH_FAILED),
        (CONNECTING, (Code.AUTH_FAILED,), State.AUTH_FAILED),
        (DOWN, (Code.TOPIC_MISSING,), State.TOPIC_MISSING),
        (DOWN, (Code.TOPIC_MISSING, Code.TLS_FAILED), State.TLS_FAILED),
        (UP, (Code.TOPIC_MISSING,), State.TOPIC_MISSING),
        (UP, (Code.NOT_AUTHORIZED,), State.NOT_AUTHORIZED),
        (UP, (Code.KAFKA_UNREACHABLE,), State.UNREACHABLE),
        (UP, (Code.BROKER_UNREACHABLE,), State.DEGRADED),
        (UP, (Code.NAME_NOT_RESOLVED,), State.DEGRADED),
        (UP, (Code.NO_LEADER,), State.DEGRADED),
        (UP, (Code.KAFKA_SLOW,), State.DEGRADED),
        (UP, (Code.SINGLE_REPLICA,), State.CONNECTED),
        (UP, (Code.RECORDS_REJECTED,), State.CONNECTED),
    ],
)
def test_the_state_is_the_worst_of_what_holds(link: Link, codes: tuple[Code, ...], state: State) -> None:
    engine = status(link=link, troubles=tuple(trouble(code) for code in codes))
    assert state_of(engine, connected=True) is state


def test_a_login_that_is_refused_was_refused_by_somebody_in_reach() -> None:
    codes = (Code.KAFKA_UNREACHABLE, Code.AUTH_FAILED)
    for link in (UP, DOWN):
        engine = status(link=link, troubles=tuple(trouble(code) for code in codes))
        assert state_of(engine, connected=True) is State.AUTH_FAILED


def test_without_a_connection_nothing_else_counts() -> None:
    assert state_of(status(troubles=(trouble(Code.AUTH_FAILED),)), connected=False) is State.NOT_CONNECTED


@pytest.mark.parametrize(("unanswered", "state"), [(4.9, State.CONNECTED), (5.0, State.DEGRADED)])
def test_a_payload_unanswered_for_five_seconds_degrades(unanswered: float, state: State) -> None:
    assert state_of(status(longest_unanswered_s=unanswered), connected=True) is state


def test_a_stopped_delivery_is_critical() -> None:
    [finding] = findings(State.AUTH_FAILED, status(link=DOWN, troubles=(trouble(Code.AUTH_FAILED),)), AROUND)
    assert finding.severity == "critical"
    assert finding.effect == "Nothing is delivered."


@pytest.mark.parametrize(
    ("oldest", "effect"), [(0.5, "Delivery goes on, no payload is late."), (5.0, "Payloads are delayed.")]
)
def test_a_degraded_delivery_claims_no_more_than_is_known(oldest: float, effect: str) -> None:
    engine = status(troubles=(trouble(Code.BROKER_UNREACHABLE),), oldest_age_s=oldest)
    [finding] = findings(State.DEGRADED, engine, AROUND)
    assert (finding.severity, finding.effect) == ("warning", effect)


def test_payloads_that_wait_while_nothing_is_connected_are_the_worst_problem_and_say_what_to_do() -> None:
    counts = Counts(accepted=1500, delivered=295, queued=5, expired_unsent=1200)
    engine = status(counts=counts, lost_open=1200, next_loss_s=3.0)
    around = replace(AROUND, connected=False)
    first, *others = findings(State.NOT_CONNECTED, engine, around)
    assert (first.trouble.code, first.severity, first.effect) == (
        Code.NOT_CONNECTED, "critical", "Nothing is delivered.",
    )  # fmt: skip
    assert [finding.trouble.code for finding in others] == [Code.LOST, Code.DEADLINE_NEAR]
    assert all("Connect to Kafka" in finding.trouble.act for finding in (first, *others)), "a redrive would be lost too"
    assert not findings(State.NOT_CONNECTED, status(), around), "nothing waits: nothing is wrong"


def test_what_is_lost_is_named_by_its_parts() -> None:
    counts = Counts(accepted=1500, delivered=295, expired_unsent=1200, expired_unknown=5)
    [finding] = findings(State.CONNECTED, status(counts=counts, lost_open=1205), AROUND)
    assert finding.trouble.code is Code.LOST
    assert finding.trouble.what == "1,205 payloads were lost (1,200 expired unsent, 5 expired unknown)."
    assert "insights-tui lost list" in finding.trouble.act
    assert finding.effect == "They are not in the topic; those that expired unknown may be."


@pytest.mark.parametrize(
    ("counts", "effect"),
    [
        (Counts(accepted=5, expired_unsent=4, rejected=1), "They are not in the topic."),
        (Counts(accepted=5, expired_unknown=5), "They may be in the topic, or not."),
    ],
)
def test_whether_lost_payloads_may_be_in_the_topic_is_said_by_their_reasons(counts: Counts, effect: str) -> None:
    [finding] = findings(State.CONNECTED, status(counts=counts, lost_open=5), AROUND)
    assert finding.effect == effect


@pytest.mark.parametrize(("left", "said"), [(1, "1 of 1,205 lost payloads"), (700, "700 of 1,205 lost payloads")])
def test_what_was_dealt_with_is_not_lost_twice(left: int, said: str) -> None:
    counts = Counts(accepted=1505, delivered=300, expired_unsent=1200, expired_unknown=5)
    [finding] = findings(State.CONNECTED, status(counts=counts, lost_open=left), AROUND)
    assert finding.trouble.what.startswith(f"{said} (1,200 expired unsent, 5 expired unknown)")
    assert finding.trouble.what.endswith("neither redriven nor dropped.")


@pytest.mark.parametrize(("left", "near"), [(61.0, False), (59.0, True)])
def test_a_near_deadline_is_a_problem(left: float, near: bool) -> None:
    engine = status(counts=Counts(accepted=1, queued=1), next_loss_s=left)
    codes = [finding.trouble.code for finding in findings(State.CONNECTED, engine, AROUND)]
    assert (Code.DEADLINE_NEAR in codes) is near


@pytest.mark.parametrize(
    ("pending", "refusing", "severity"),
    [(89, None, None), (90, None, "warning"), (100, Refusal.QUEUE_FULL, "critical")],
)
def test_the_queue_warns_before_it_is_full(pending: int, refusing: Refusal | None, severity: str | None) -> None:
    around = replace(AROUND, capacity=replace(ROOM, queue_payloads=pending), refusing=refusing)
    found = findings(State.CONNECTED, status(), around)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("why", "what", "act"),
    [
        ("", "the disk is full.", "Free disk space"),
        ("the disk is full", "the disk is full.", "Free disk space"),
        ("the disk is read-only", "the disk is read-only.", "writable again"),
        ("the disk cannot be written: disk I/O error", "disk I/O error.", "writable again"),
        ("the spool has reached its limit", "its limit of 2.0 GiB.", "INSIGHTS_SPOOL__MAX_BYTES"),
    ],
)
def test_a_spool_without_room_says_why_and_what_helps(why: str, what: str, act: str) -> None:
    room = replace(ROOM, spool_max_bytes=2 * 1024**3)
    [finding] = findings(
        State.CONNECTED, status(), replace(AROUND, capacity=room, refusing=Refusal.DISK_FULL, no_room=why)
    )
    assert (finding.trouble.code, finding.severity) == (Code.DISK_FULL, "critical")
    assert finding.trouble.what.endswith(what)
    assert act in finding.trouble.act


def test_damage_is_a_problem_with_the_way_to_close_it() -> None:
    damage = Occurrence("error", "spool_damaged", "000001.db", "3 payloads cannot be read.", fix="Check the disk.")
    [finding] = findings(State.CONNECTED, status(), replace(AROUND, damage=damage))
    assert (finding.trouble.code, finding.trouble.subject) == (Code.SPOOL_DAMAGED, "000001.db")
    assert finding.trouble.act == "Check the disk. Then close it: insights-tui lost drop --reason damaged."


@pytest.mark.parametrize(
    ("days", "severity"), [(31, None), (29, "warning"), (7, "warning"), (6, "critical"), (-1, "critical")]
)
def test_a_certificate_that_expires_is_announced(days: int, severity: str | None) -> None:
    ca = CaSummary(subject="CN=Acme", sha256="00", expires=NOW.utc + timedelta(days=days, hours=1))
    found = findings(State.CONNECTED, status(), replace(AROUND, ca=ca))
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_a_single_replica_warns_and_degrades_nothing() -> None:
    engine = status(troubles=(trouble(Code.SINGLE_REPLICA, "insights"),))
    assert state_of(engine, connected=True) is State.CONNECTED
    [finding] = findings(State.CONNECTED, engine, AROUND)
    assert (finding.severity, finding.effect) == ("warning", "What was delivered is lost with that broker's disk.")


def test_the_critical_comes_first() -> None:
    engine = status(troubles=(trouble(Code.NO_LEADER),), lost_open=1, counts=Counts(accepted=1, rejected=1))
    assert [f.severity for f in findings(State.DEGRADED, engine, AROUND)] == ["critical", "warning"]


def test_a_clock_that_is_set_moves_the_beginning_of_a_problem_along() -> None:
    sinces = Sinces()
    engine = status(troubles=(trouble(Code.KAFKA_SLOW),), lost_open=1, counts=Counts(accepted=1, expired_unsent=1))
    found = findings(State.DEGRADED, engine, AROUND)
    sinces.problems(found, NOW)
    set_on = Moment(wall=NOW.wall + 7260, boot=NOW.boot + 60)
    assert {problem.since for problem in sinces.problems(found, set_on)} == {NOW.utc + timedelta(hours=2)}, (
        "it is a minute old, and looks like that by the clock beside it"
    )


def test_a_problem_keeps_its_time_until_it_is_over() -> None:
    sinces = Sinces()
    found = findings(State.CONNECTED, status(lost_open=1, counts=Counts(accepted=1, rejected=1)), AROUND)
    first = sinces.problems(found, NOW)[0]
    later = Moment(wall=NOW.wall + 60, boot=NOW.boot + 60)
    assert sinces.problems(found, later)[0].since == first.since
    assert sinces.problems([], later) == ()
    assert sinces.problems(found, later)[0].since == later.utc
