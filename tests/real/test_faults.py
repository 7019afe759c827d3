"""What is wrong with Kafka is named, payloads wait for it, and they go on by themselves when it is mended."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.kafka_cluster import Cluster, Record
from tests.real.consumers import hold
from tests.support import AgentProcess
from tests.support.connect import USER, connect_plaintext, connect_sasl, wait_connected, wait_delivered


def sasl_form(cluster: Cluster, topic: str, **changed: str) -> dict[str, str]:
    return {
        "connection_type": "kafka_sasl_ssl",
        "broker_url": cluster.sasl_ssl,
        "topic": topic,
        "broker_username": USER,
        "broker_password": cluster.users[USER],
        "ca_certificate": cluster.ca_pem,
        "sasl_mechanism": "SCRAM-SHA-256",
        **changed,
    }


def plain_form(servers: str, topic: str) -> dict[str, str]:
    return {"connection_type": "kafka_unauthenticated_plaintext", "broker_url": servers, "topic": topic}


def save_unchecked(agent: AgentProcess, form: dict[str, str]) -> None:
    """Save a connection as the original's client does: without a check."""
    answer = agent.request("POST", "/v1/admin/insights-connection?check=skip", json=form)
    assert answer.status_code == httpx.codes.OK, answer.text


def _ca_file(agent: AgentProcess, form: dict[str, str]) -> str:
    path = agent.home / "ca.pem"
    path.write_text(form["ca_certificate"])
    return str(path)


def report(agent: AgentProcess, count: int = 1) -> None:
    for number in range(count):
        answer = agent.request("POST", "/v1/insights", json={"number": number})
        assert answer.status_code == httpx.codes.OK, answer.text


def wait_state(agent: AgentProcess, state: str) -> dict[str, Any]:
    """Wait for a state; its worst problem tells what, effect and act, and nothing is lost."""
    seen = agent.wait_until(lambda snapshot: bool(snapshot["state"] == state), f"the state {state}")
    worst = seen["problems"][0]
    for part in ("subject", "what", "effect", "act"):
        assert worst[part], worst
    counts = seen["counts"]
    assert seen["balanced"]
    assert counts["accepted"] == counts["queued"] + counts["in_flight"] + counts["retrying"]
    return seen


def ids(records: list[Record]) -> set[str]:
    return {record.header("insights-id") for record in records}


FAULTS: dict[str, tuple[str, str, Callable[[Cluster], dict[str, str]]]] = {
    "wrong password": ("auth_failed", "auth_failed", lambda _: {"broker_password": "not the password"}),
    "unknown user": ("auth_failed", "auth_failed", lambda _: {"broker_username": "nobody"}),
    "other CA": (
        "tls_failed", "tls_failed", lambda kafka: {"ca_certificate": kafka.certificates.other_ca.read_text()},
    ),
    "expired certificate": ("tls_failed", "tls_failed", lambda kafka: {"broker_url": kafka.bootstrap("EXPIRED")}),
    "certificate for another host": (
        "tls_failed", "tls_failed", lambda kafka: {"broker_url": kafka.bootstrap("WRONG_HOST")},
    ),
    "no permission": (
        "not_authorized",
        "not_authorized",
        lambda kafka: {"broker_username": "outsider", "broker_password": kafka.users["outsider"]},
    ),
    "nobody listens": ("unreachable", "kafka_unreachable", lambda _: {"broker_url": "127.0.0.1:1"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_connection_is_named_and_its_payloads_wait_for_the_mended_one(
    agent: AgentProcess, kafka: Cluster, topic: str, fault: str
) -> None:
    state, code, change = FAULTS[fault]
    save_unchecked(agent, sasl_form(kafka, topic, **change(kafka)))
    report(agent, 3)
    seen = wait_state(agent, state)
    assert seen["problems"][0]["code"] == code
    save_unchecked(agent, sasl_form(kafka, topic))
    assert len(ids(kafka.read_all(topic, count=3))) == 3
    wait_delivered(agent, 3)


@pytest.mark.parametrize("fault", FAULTS)
def test_connect_refuses_a_faulty_connection_and_keeps_the_one_that_works(
    agent: AgentProcess, kafka: Cluster, topic: str, fault: str
) -> None:
    connect_sasl(agent, kafka, topic)
    before = agent.snapshot()["connection"]
    form = sasl_form(kafka, topic, **FAULTS[fault][2](kafka))
    result = agent.cli(
        "connect", "--topic", topic, "--servers", form["broker_url"], "--type", "sasl",
        "--mechanism", form["sasl_mechanism"], "--username", form["broker_username"],
        "--password-from", "env:KAFKA_PASSWORD", "--ca", _ca_file(agent, form),
        env={"KAFKA_PASSWORD": form["broker_password"]},
    )  # fmt: skip
    assert result.returncode == 1, result.stdout + result.stderr
    assert form["broker_url"].split(":")[0] in result.stderr
    assert form["broker_password"] not in result.stdout + result.stderr + agent.log_tail(1000)
    assert agent.snapshot()["connection"] == before
    report(agent)
    assert len(kafka.read_all(topic, count=1)) == 1


def test_a_missing_topic_is_named_and_never_created(agent: AgentProcess, kafka: Cluster) -> None:
    topic = f"missing-{uuid.uuid4().hex[:8]}"
    save_unchecked(agent, plain_form(kafka.plaintext, topic))  # this listener would create it for whoever asks
    report(agent, 2)
    wait_state(agent, "topic_missing")
    assert topic not in kafka.admin.topics()
    kafka.create_topic(topic)
    assert len(ids(kafka.read_all(topic, count=2))) == 2
    wait_delivered(agent, 2)


def test_a_permission_taken_away_holds_payloads_until_it_is_back(
    agent: AgentProcess, kafka: Cluster, topic: str
) -> None:
    connect_sasl(agent, kafka, topic)
    report(agent)
    wait_delivered(agent, 1)
    kafka.revoke(USER, topic)
    before = agent.snapshot()["counts"]["delivered"]

    def noticed() -> bool:  # the broker learns of the change a moment after the controller
        report(agent)
        return bool(agent.snapshot()["state"] == "not_authorized")

    agent.wait_until(lambda _: noticed(), "the missing permission is noticed")
    kafka.grant(USER, topic)
    wait_connected(agent)
    accepted = agent.snapshot()["counts"]["accepted"]
    assert accepted > before
    wait_delivered(agent, accepted)
    assert len(ids(kafka.read_all(topic, count=accepted))) == accepted


def test_a_password_rotated_at_the_broker_and_then_in_the_agent(
    agent: AgentProcess, kafka: Cluster, topic: str
) -> None:
    form = sasl_form(kafka, topic, broker_url=kafka.bootstrap("SASL_PROXIED"))
    save_unchecked(agent, form)
    wait_connected(agent)
    old, new = kafka.users[USER], "a-new-password"
    kafka.rotate_password(USER, "SCRAM-SHA-256", new)
    try:
        kafka.proxy(1, "SASL_PROXIED").reset_all()
        report(agent)
        agent.wait_until(lambda seen: bool(seen["state"] == "auth_failed"), "the old password is refused")
        save_unchecked(agent, {**form, "broker_password": new})
        wait_delivered(agent, 1)
    finally:
        kafka.rotate_password(USER, "SCRAM-SHA-256", old)


@pytest.mark.parametrize("fault", ["refuse", "reset", "silent"])
def test_a_broken_route_is_outwaited(agent: AgentProcess, kafka: Cluster, topic: str, fault: str) -> None:
    connect_plaintext(agent, kafka.proxied, topic)
    kafka.proxy(1).fault(fault)
    report(agent, 3)
    # A reset at the first request is also what a TLS listener does to plaintext: the word for it may be `tls_failed`.
    shown = {"unreachable", "degraded", "tls_failed"} if fault == "reset" else {"unreachable", "degraded"}
    agent.wait_until(lambda seen: bool(seen["problems"] and seen["state"] in shown), "the fault is on show")
    assert agent.snapshot()["counts"]["delivered"] == 0
    kafka.proxy(1).heal()
    assert len(ids(kafka.read_all(topic, count=3))) == 3
    wait_delivered(agent, 3)


def test_a_lost_ack_is_attempted_again_under_the_same_id(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_plaintext(agent, kafka.proxied, topic)
    lost = kafka.proxy(1).dropped_acks
    kafka.proxy(1).drop_acks(1)
    report(agent)
    wait_delivered(agent, 1)
    assert kafka.proxy(1).dropped_acks == lost + 1
    records = kafka.read_all(topic)
    assert len(ids(records)) == 1
    assert len({record.value for record in records}) == 1


def test_a_request_cut_in_the_middle_is_attempted_again(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_plaintext(agent, kafka.proxied, topic)
    kafka.proxy(1).cut_requests_mid_way(2)
    report(agent)
    wait_delivered(agent, 1)
    (record,) = kafka.read_all(topic)
    assert hold(record)["number"] == 0


def test_the_agent_ends_on_sigterm_with_kafka_frozen(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_sasl(agent, kafka, topic)
    kafka.freeze(1)
    report(agent, 5)
    assert agent.terminate(timeout_s=20) == 0
