"""Unmodified clients report, the agent accepts, Apache Kafka holds the message, every consumer can read it."""

import json
import socket
from collections.abc import Callable
from typing import NoReturn

import httpx
import pytest

from tests.kafka_cluster import MECHANISMS, Cluster, Record
from tests.real.clients import PythonClient
from tests.real.consumers import datadog, hold
from tests.real.scripts import JAVA_BODY, JAVA_HEADERS, REPORT
from tests.support import AgentProcess
from tests.support.connect import connect_plaintext, connect_sasl, wait_delivered

DEFAULT_NAMES = {"algorithm_owner": "local", "algorithm_name": "default", "algorithm_version": "0.0.0"}


def named(record: Record) -> dict[str, str]:
    """The record's algorithm."""
    tags = datadog(record.value)[0]
    return {name: tags[name] for name in DEFAULT_NAMES}


def metrics(record: Record) -> dict[str, float]:
    """The author's metrics of a record that the whole contract holds for."""
    return {name: value for name, value in hold(record).items() if name != "duration_milliseconds"}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_client_reaches_kafka_by_every_mechanism(
    agent: AgentProcess,
    kafka: Cluster,
    topic: str,
    mechanism: str,
    python_2_0_5: PythonClient,
    python_1_4_8: PythonClient,
) -> None:
    connect_sasl(agent, kafka, topic, mechanism)
    python_2_0_5.run(REPORT, '{"risk_score": 0.205, "approved": 1}', env={"ALGORITHMIA_API": agent.url})
    python_1_4_8.run(REPORT, '{"risk_score": 0.148, "approved": 1}', env={"ALGORITHM_QUEUE_READER_URL": agent.url})
    java = httpx.post(f"{agent.url}/v1/insights", content=JAVA_BODY, headers=JAVA_HEADERS)
    assert (java.status_code, java.headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    assert isinstance(java.json(), dict)

    records = kafka.read_all(topic, count=3)
    assert sorted((metrics(record) for record in records), key=lambda each: each["risk_score"]) == [
        {"risk_score": 0.08, "approved": 4},  # Java's text became numbers
        {"risk_score": 0.148, "approved": 1},
        {"risk_score": 0.205, "approved": 1},
    ]
    assert [named(record) for record in records] == [DEFAULT_NAMES] * 3
    assert len({record.header("insights-id") for record in records}) == 3
    wait_delivered(agent, 3)


def test_2_0_5_with_nothing_set_finds_the_agent(
    new_agent: Callable[..., AgentProcess],
    kafka: Cluster,
    topic: str,
    python_2_0_5: PythonClient,
    skip_loudly: Callable[[str], NoReturn],
) -> None:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what an earlier run left in TIME_WAIT
            try:
                probe.bind((address, 9000))
            except OSError as error:
                if family is socket.AF_INET:
                    skip_loudly(f"the one test of the default address needs port 9000, and it is busy ({error})")
    agent = new_agent({"INSIGHTS_LISTEN": "127.0.0.1:9000"})
    connect_sasl(agent, kafka, topic)
    python_2_0_5.run(REPORT, '{"risk_score": 0.5}')
    assert [metrics(record) for record in kafka.read_all(topic, count=1)] == [{"risk_score": 0.5}]


def test_a_prefix_names_the_algorithm(
    agent: AgentProcess, kafka: Cluster, topic: str, python_2_0_5: PythonClient
) -> None:
    connect_sasl(agent, kafka, topic)
    base = f"{agent.url}/as/asli/credit_card_approval/1.0.6"
    python_2_0_5.run(REPORT, '{"risk_score": 0.2}', env={"ALGORITHMIA_API": base})
    python_2_0_5.run(REPORT, '{"risk_score": 0.3}', env={"ALGORITHMIA_API": f"{base}/"})  # gives a doubled slash
    records = kafka.read_all(topic, count=2)
    assert sorted(metrics(record)["risk_score"] for record in records) == [0.2, 0.3]
    for record in records:
        assert named(record) == {
            "algorithm_owner": "asli",
            "algorithm_name": "credit_card_approval",
            "algorithm_version": "1.0.6",
        }


@pytest.mark.parametrize(
    ("reported", "published"),
    [
        ("{}", {}),
        ('{"flag": true, "off": false}', {"flag": 1, "off": 0}),
        ('{"huge": 1180591620717411303424}', {"huge": 2**70}),
        ('{"größe": 1, "\\ud83d\\ude00": 2}', {"größe": 1, "\U0001f600": 2}),
        ('{"kept": 1, "nested": {"a": 1}, "list": [1, 2], "none": null, "text": "high"}', {"kept": 1}),
        ('{"kept": 1, "time": 5, "request_id": "mine"}', {"kept": 1}),
    ],
)
def test_what_a_client_can_report_and_what_is_published(
    agent: AgentProcess,
    kafka: Cluster,
    topic: str,
    python_2_0_5: PythonClient,
    reported: str,
    published: dict[str, float],
) -> None:
    connect_plaintext(agent, kafka.plaintext, topic)
    python_2_0_5.run(REPORT, reported, env={"ALGORITHMIA_API": agent.url})
    (record,) = kafka.read_all(topic, count=1)
    assert metrics(record) == published


def test_what_json_cannot_say_is_refused_counted_and_does_no_harm(
    agent: AgentProcess, kafka: Cluster, topic: str, python_2_0_5: PythonClient
) -> None:
    connect_plaintext(agent, kafka.plaintext, topic)
    environment = {"ALGORITHMIA_API": agent.url}
    python_2_0_5.run(REPORT, '{"risk_score": NaN}', env=environment)  # the client ignores the answer
    python_2_0_5.run(REPORT, '{"risk_score": Infinity}', env=environment)
    python_2_0_5.run(REPORT, '{"risk_score": 0.5}', env=environment)
    assert [metrics(record) for record in kafka.read_all(topic, count=1)] == [{"risk_score": 0.5}]
    seen = wait_delivered(agent, 1)
    assert seen["refused"]["invalid"] == 2


def test_a_client_does_not_notice_that_kafka_is_gone(
    agent: AgentProcess, kafka: Cluster, topic: str, python_2_0_5: PythonClient
) -> None:
    connect_sasl(agent, kafka, topic)
    kafka.freeze(1)
    python_2_0_5.run(REPORT, '{"while": 1}', env={"ALGORITHMIA_API": agent.url})
    kafka.kill(1)
    python_2_0_5.run(REPORT, '{"while": 2}', env={"ALGORITHMIA_API": agent.url})
    counts = agent.snapshot()["counts"]
    assert (counts["accepted"], counts["delivered"]) == (2, 0)
    kafka.restart(1)
    records = kafka.read_all(topic, until=lambda seen: {metrics(record)["while"] for record in seen} == {1, 2})
    assert len({record.header("insights-id") for record in records}) == 2
    wait_delivered(agent, 2)


def test_a_client_reports_before_there_is_a_connection(
    agent: AgentProcess, kafka: Cluster, topic: str, python_2_0_5: PythonClient
) -> None:
    python_2_0_5.run(REPORT, json.dumps({"early": 1}), env={"ALGORITHMIA_API": agent.url})
    assert agent.snapshot()["state"] == "not_connected"
    assert agent.snapshot()["counts"]["queued"] == 1
    connect_sasl(agent, kafka, topic)
    assert [metrics(record) for record in kafka.read_all(topic, count=1)] == [{"early": 1}]
