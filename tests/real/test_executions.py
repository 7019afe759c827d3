"""Executions with the original's own clients and a real Kafka: one payload each, also where the agent dies between."""

import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.kafka_cluster import Cluster, Record
from tests.real.clients import PythonClient
from tests.real.consumers import datadog, hold
from tests.support import AgentProcess
from tests.support.connect import connect_plaintext, connect_sasl

VARIABLES = {"algorithmia-1.4.8": "ALGORITHM_QUEUE_READER_URL", "algorithmia-2.0.5": "ALGORITHMIA_API"}
NAMES = {"owner": "asli", "name": "credit_card_approval", "version": "1.0.6"}
TAGS = {f"algorithm_{name}": value for name, value in NAMES.items()}
TWICE = """
import sys
import Algorithmia
client = Algorithmia.client("simKEY")
client.report_insights({"risk_score": 0.9, "approved": 1})
client.report_insights({"risk_score": 0.2})
sys.exit(int(sys.argv[1]))
"""
REPORTED = {"risk_score": 0.2, "approved": 1}
"""What `TWICE` comes to: the last value wins."""


@pytest.fixture(scope="module")
def topic(kafka_session: Cluster) -> str:
    """One topic for the module."""
    name = "executions"
    kafka_session.create_topic(name)
    kafka_session.grant("insights", name)
    return name


@pytest.fixture(scope="module")
def agent(kafka_session: Cluster, topic: str) -> Iterator[AgentProcess]:
    """One agent for the module, connected by SCRAM over TLS."""
    agent = AgentProcess()
    try:
        connect_sasl(agent.start(), kafka_session, topic)
        yield agent
    finally:
        agent.close()


def begin(agent: AgentProcess, **body: str) -> dict[str, str]:
    """Begin an execution as a program does."""
    begun: dict[str, str] = httpx.post(f"{agent.url}/v1/runs", json={**NAMES, **body}).raise_for_status().json()
    return begun


def finish(agent: AgentProcess, request_id: str) -> bool:
    """Finish it; whether this published it."""
    answer = agent.request("POST", f"/v1/runs/{request_id}/finish", json={}).raise_for_status()
    return bool(answer.json()["published"])


def settled(agent: AgentProcess) -> None:
    """Wait until nothing is on its way: what is not in the topic now will never be."""
    agent.wait_until(
        lambda seen: (
            bool(seen["balanced"]) and not any(seen["counts"][name] for name in ("queued", "in_flight", "retrying"))
        ),
        "everything is delivered",
    )


def payloads(cluster: Cluster, topic: str, **tags: str) -> list[Record]:
    """The records of the topic with these tags; each is held against the contract."""
    found = [record for record in cluster.read_all(topic) if tags.items() <= datadog(record.value)[0].items()]
    for record in found:
        hold(record)
    return found


@pytest.mark.parametrize("name", VARIABLES)
def test_a_client_in_run_is_one_payload(
    agent: AgentProcess, kafka: Cluster, topic: str, clients: dict[str, PythonClient], name: str
) -> None:
    names = f"asli/in_run/{name.rpartition('-')[2]}"
    command = ("env", f"PYTHONPATH={clients[name].folder}", sys.executable, "-s", "-c", TWICE, "7")
    result = agent.cli("run", "--as", names, "--", *command)
    assert (result.returncode, result.stdout, result.stderr) == (7, "", "")
    settled(agent)
    (record,) = payloads(kafka, topic, algorithm_name="in_run", algorithm_version=names.rpartition("/")[2])
    metrics = hold(record)
    assert {key: metrics.pop(key) for key in REPORTED} == REPORTED
    assert metrics.pop("exit_code") == 7
    assert metrics.pop("duration_milliseconds") > 0
    assert set(metrics) == {"cpu_seconds", "max_rss_bytes"}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_client_at_an_execution_s_address_is_one_payload(
    agent: AgentProcess, kafka: Cluster, topic: str, clients: dict[str, PythonClient], name: str
) -> None:
    first = begin(agent)
    second = begin(agent, session_id=first["session_id"])
    for begun in (first, second):
        clients[name].run(TWICE, "0", env={VARIABLES[name]: begun["base_url"]})
        assert finish(agent, begun["request_id"])
        assert not finish(agent, begun["request_id"]), "finishing it twice is harmless"
    settled(agent)
    records = payloads(kafka, topic, session_id=first["session_id"])
    tags = [datadog(record.value)[0] for record in records]
    assert sorted(each["request_id"] for each in tags) == sorted([first["request_id"], second["request_id"]])
    for record, each in zip(records, tags, strict=True):
        assert TAGS.items() <= each.items()
        metrics = hold(record)
        assert metrics.pop("duration_milliseconds") > 0
        assert metrics == REPORTED


def test_an_agent_that_is_killed_publishes_each_once(
    agent: AgentProcess, kafka: Cluster, topic: str, python_2_0_5: PythonClient
) -> None:
    reported, finished = begin(agent), begin(agent)
    for begun in (reported, finished):
        python_2_0_5.run(TWICE, "0", env={"ALGORITHMIA_API": begun["base_url"]})
    # Without a connection nothing is delivered, so the kill is surely between its end and its delivery.
    assert agent.cli("disconnect", "--yes").returncode == 0
    assert finish(agent, finished["request_id"])
    agent.kill()
    agent.start()
    assert finish(agent, reported["request_id"]), "what was reported before the kill can still be finished"
    assert not finish(agent, finished["request_id"]), "what had ended stays ended"
    agent.kill()
    agent.start()
    connect_plaintext(agent, kafka.plaintext, topic)
    settled(agent)
    for begun in (reported, finished):
        (record,) = payloads(kafka, topic, request_id=begun["request_id"])
        assert datadog(record.value)[0]["session_id"] == begun["session_id"]
        metrics = hold(record)
        assert metrics.pop("duration_milliseconds") > 0
        assert metrics == REPORTED
