"""What comparing servers tells, and what deserves a look although nothing failed: pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from insights_tui.domain.check import CheckStep, Role, Step, StepState
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.trouble import Code
from insights_tui.kafka.check import CheckLimits
from insights_tui.kafka.check.compare import compare
from insights_tui.kafka.check.hints import hints_of
from insights_tui.kafka.check.scene import Scene
from insights_tui.kafka.check.seen import ServerSeen
from insights_tui.kafka.check.verdict import verdict_of
from insights_tui.kafka.server_certificate import ServerCertificate, read_certificate
from insights_tui.kafka.view import PartitionView, View
from tests.connection.pki import NOW, make

DAY = timedelta(days=1)
GOOD = ServerCertificate("kafka", "Acme CA", ("kafka.acme.test",), NOW - 100 * DAY, NOW + 300 * DAY, False, "aa")
HOSTS = ("kafka-1", "kafka-2", "kafka-3")


def connection(*hosts: str, sasl: bool = True) -> Connection:
    servers = tuple(Server(host, 9093) for host in hosts or HOSTS)
    if not sasl:
        return Connection("insights", servers)
    return Connection("insights", servers, ConnectionType.SASL_SSL, Mechanism.PLAIN, "alice", Secret("x"))


def works(host: str, number: int | None = None, **given: Any) -> ServerSeen:
    """A server through all of its steps."""
    server = Server(host, 9093)
    view = View(server, {}, 0, {0: PartitionView(1, 3)}, "cluster-a")
    role = Role.BOOTSTRAP if number is None else Role.MEMBER
    seen = ServerSeen(server, role, number, addresses={"10.0.0.1": ""}, certificate=GOOD, view=view)
    for name in Step:
        seen.steps[name] = CheckStep(seen.name, role, name, StepState.OK, 1.0, number)
    for field, value in given.items():
        setattr(seen, field, value)
    return seen


def fails(host: str, step: Step, code: Code, number: int | None = None, **given: Any) -> ServerSeen:
    """A server that failed at a step."""
    seen = works(host, number, **{"view": None, **given})
    order = list(Step)
    for name in order[order.index(step) :]:
        seen.steps[name] = replace(seen.steps[name], state=StepState.SKIPPED, ms=None)
    cause, fix = f"{host} fails at {step.value}.", f"Mend {step.value} of {host}."
    seen.steps[step] = replace(seen.steps[step], state=StepState.FAILED, code=code, cause=cause, fix=fix, fixes=(fix,))
    return seen


def untrusted(host: str, verify_code: int, shown: ServerCertificate = GOOD) -> ServerSeen:
    return fails(host, Step.TLS, Code.TLS_FAILED, verify_code=verify_code, certificate=shown)


def scene(*seen: ServerSeen, sasl: bool = True, trusted: str | None = None) -> Scene:
    hosts = [one.server.host for one in seen if one.role is Role.BOOTSTRAP]
    return Scene(seen, connection(*hosts, sasl=sasl), NOW, trusted)


OLD = replace(GOOD, not_after=NOW - DAY)
EARLY = replace(GOOD, not_before=NOW + DAY)

SCENES: dict[str, tuple[Scene, str, str]] = {
    "the same unknown CA everywhere": (
        scene(*(untrusted(host, 19) for host in HOSTS), trusted="Other CA"),
        "same_certificate_error",
        (
            "The connection does not trust Acme CA, which signed the certificates of all 3 servers: it trusts just "
            "Other CA."
        ),
    ),
    "the same wrong name everywhere": (
        scene(*(untrusted(host, 62) for host in HOSTS)),
        "same_certificate_error",
        (
            "The certificates of all 3 servers are not for the names that the connection uses: they are for "
            "kafka.acme.test."
        ),
    ),
    "one certificate of three": (
        scene(untrusted("kafka-1", 19), works("kafka-2"), works("kafka-3")),
        "certificate_differs",
        (
            "The connection does not trust Acme CA, which signed the certificates of kafka-1:9093: it trusts the CAs "
            "of this machine. kafka-2:9093 and kafka-3:9093 show one that is good."
        ),
    ),
    "two certificates of three": (
        scene(untrusted("kafka-1", 62), untrusted("kafka-2", 62), works("kafka-3")),
        "certificate_differs",
        (
            "The certificates of kafka-1:9093 and kafka-2:9093 are not for the names that the connection uses: they "
            "are for kafka.acme.test. kafka-3:9093 shows one that is good."
        ),
    ),
    "all expired": (
        scene(*(untrusted(host, 10, OLD) for host in HOSTS)),
        "clock_suspect",
        ("The certificates of all 3 servers have expired, the last 2026-11-21 12:00Z."),
    ),
    "none valid yet": (
        scene(*(untrusted(host, 9, EARLY) for host in HOSTS)),
        "clock_suspect",
        ("The certificates of all 3 servers are not valid yet, by this machine's clock."),
    ),
    "every port speaks TLS": (
        scene(*(fails(host, Step.API, Code.TLS_FAILED, speaks="tls", certificate=None) for host in HOSTS), sasl=False),
        "other_protocol",
        (
            "All 3 servers speak TLS at these ports, and the connection type says plaintext without a login: "
            "kafka-1:9093, kafka-2:9093 and kafka-3:9093."
        ),
    ),
    "names of members that do not resolve here": (
        scene(
            works("kafka-1"),
            fails("b2.internal", Step.DNS, Code.NAME_NOT_RESOLVED, 2),
            fails("b3.internal", Step.DNS, Code.NAME_NOT_RESOLVED, 3),
        ),
        "advertised_unresolved",
        (
            "The cluster advertises names that this machine cannot resolve: b2.internal:9093 (broker 2) and "
            "b3.internal:9093 (broker 3)."
        ),
    ),
    "localhost of another machine": (
        scene(works("kafka-1"), fails("localhost", Step.TCP, Code.BROKER_UNREACHABLE, 2)),
        "advertised_localhost",
        "The cluster advertises localhost:9093 (broker 2), which from here is this machine and not the broker.",
    ),
    "a private address behind a public one": (
        scene(
            works("kafka-1", addresses={"93.184.216.34": ""}),
            fails("10.1.2.3", Step.TCP, Code.BROKER_UNREACHABLE, 2),
        ),
        "advertised_private",
        "The cluster advertises a private address, not to be reached from here: 10.1.2.3:9093 (broker 2).",
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_the_best_explanation_comes_from_comparing(name: str) -> None:
    seen, code, sentence = SCENES[name]
    by_code = {one.code: one for one in compare(seen)}
    assert by_code[code].what == sentence
    verdict = verdict_of(seen, CheckLimits())
    assert verdict.verdict == "failed"
    assert verdict.failed == len(seen.down)
    if len(seen.down) > 1 or code != "certificate_differs":  # there the server's own sentence says more
        assert verdict.sentence == sentence
        assert verdict.code is not None
        assert verdict.fix == by_code[code].fix


def test_one_server_that_fails_is_told_in_its_own_words() -> None:
    verdict = verdict_of(scene(works("kafka-1"), fails("kafka-2", Step.TCP, Code.KAFKA_UNREACHABLE)), CheckLimits())
    assert (verdict.sentence, verdict.fix) == ("kafka-2 fails at tcp.", "Mend tcp of kafka-2.")
    assert [one.what for one in verdict.findings] == ["1 of 2 servers does not work: kafka-2:9093. The other one does."]


def test_a_refused_login_outweighs_whatever_else_fails() -> None:
    verdict = verdict_of(
        scene(fails("kafka-1", Step.TCP, Code.KAFKA_UNREACHABLE), fails("kafka-2", Step.SASL, Code.AUTH_FAILED)),
        CheckLimits(),
    )
    assert (verdict.code, verdict.sentence) == (Code.AUTH_FAILED, "kafka-2 fails at sasl.")


def test_a_topic_outweighs_a_server_that_is_down_and_counts_once() -> None:
    without = [works(host) for host in HOSTS[:2]]
    for one in without:
        step = one.steps[Step.TOPIC]
        one.steps[Step.TOPIC] = replace(
            step, state=StepState.FAILED, code=Code.TOPIC_MISSING, cause="No topic.", fix="Create it."
        )
    verdict = verdict_of(scene(*without, fails("kafka-3", Step.TCP, Code.KAFKA_UNREACHABLE)), CheckLimits())
    assert (verdict.code, verdict.sentence, verdict.failed) == (Code.TOPIC_MISSING, "No topic.", 2)


def codes(seen: Scene, **limits: int) -> dict[str, str]:
    return {one.code: one.what for one in hints_of(seen, CheckLimits(**limits))}


def test_nothing_to_hint_at() -> None:
    configs = {"min.insync.replicas": "2", "max.message.bytes": "1048588"}
    assert not codes(scene(*(works(host, configs=configs) for host in HOSTS)))


def test_min_insync_replicas_and_a_small_limit() -> None:
    configs = {"min.insync.replicas": "1", "max.message.bytes": "100000"}
    told = codes(scene(works("kafka-1", configs=configs), works("kafka-2")), batch_bytes=393_216)
    assert set(told) == {"min_insync_replicas", "max_message_bytes"}
    assert "is 1: what Kafka has acknowledged may be on one broker alone." in told["min_insync_replicas"]
    assert "is 100,000, and a batch may have 393,216 bytes" in told["max_message_bytes"]


def test_certificates_about_to_expire_of_servers_and_of_the_ca() -> None:
    soon = replace(GOOD, not_after=NOW + 9 * DAY, sha256="bb")
    ca = make(days=(-100, 20))
    seen = scene(works("kafka-1", certificate=soon), works("kafka-2", certificate=soon), works("kafka-3"))
    told = hints_of(replace(seen, connection=replace(seen.connection, ca_pem=ca.pem)), CheckLimits())
    assert [one.what for one in told] == [
        "The certificate of kafka-1:9093 and kafka-2:9093 expires in 9 days, on 2026-12-01.",
        "The CA certificate Acme Root CA of the connection expires in 20 days, on 2026-12-12.",
    ]


def test_a_slow_answer_and_an_unproven_permission() -> None:
    slow = works("kafka-1")
    slow.steps[Step.METADATA] = replace(slow.steps[Step.METADATA], ms=1400.0)
    slow.steps[Step.WRITE] = replace(slow.steps[Step.WRITE], state=StepState.UNPROVEN)
    told = codes(scene(slow, fails("kafka-2", Step.TCP, Code.KAFKA_UNREACHABLE)))
    assert set(told) == {"slow_answer", "write_unproven"}
    assert told["slow_answer"] == "kafka-1:9093 took more than a second to answer."


def test_a_certificate_is_read_as_it_stands_and_made_fit_for_a_terminal() -> None:
    ca = make("Acme\x1b[31m Root CA")
    shown = read_certificate(make("kafka-1", issuer=ca, ca=False, now=datetime(2026, 1, 1, tzinfo=UTC)).der)
    assert shown is not None
    assert (shown.subject, shown.issuer, shown.self_signed) == ("kafka-1", "Acme� Root CA", False)
    assert shown.names == ("localhost", "127.0.0.1")
    assert read_certificate(b"no certificate") is read_certificate(b"") is read_certificate(None) is None
