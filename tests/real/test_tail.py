"""The tail of a real topic: what is read, what permission it needs, and that it creates nothing."""

import json
import subprocess

import httpx

from tests.kafka_cluster import Cluster
from tests.support import AgentProcess
from tests.support.agent_process import COMMAND
from tests.support.connect import connect_plaintext, connect_sasl, wait_delivered


def send(agent: AgentProcess, *numbers: int) -> None:
    body = "\n".join(json.dumps({"n": number}) for number in numbers)
    answer = httpx.post(f"{agent.url}/v1/payloads", content=body, headers={"Content-Type": "application/x-ndjson"})
    answer.raise_for_status()


def test_reading_needs_a_permission_that_delivery_does_not(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_sasl(agent, kafka, topic)
    send(agent, 1, 2, 3)
    wait_delivered(agent, 3)
    refused = agent.cli("tail")
    assert refused.returncode == 1
    assert f"may write to the topic {topic}, but not read it" in refused.stderr
    assert f"--allow-principal User:insights --operation Read --topic {topic}" in refused.stderr

    kafka.grant("insights", topic, ["READ"])
    told = agent.cli("tail", "--values", "--json")
    assert told.returncode == 0, told.stderr
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert [json.loads(one["value"])["n"] for one in sorted(found, key=lambda one: one["id"])] == [1, 2, 3]
    stored = {(one.partition, one.offset): one for one in kafka.read_all(topic, count=3)}
    for one in found:
        record = stored[one["partition"], one["offset"]]
        assert (one["id"], one["size"]) == (record.header("insights-id"), len(record.value))
        assert one["algorithm"] == "local/default/0.0.0"


def test_following_tells_each_payload_once_and_says_when_the_topic_is_gone(
    agent: AgentProcess, kafka: Cluster, topic: str
) -> None:
    connect_plaintext(agent, kafka.plaintext, topic)
    send(agent, *range(5))
    wait_delivered(agent, 5)
    following = subprocess.Popen(
        [COMMAND, "tail", "--follow", "--json", "--values"], env=agent.env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert following.stdout is not None
        assert following.stderr is not None
        lines = [following.stdout.readline() for _ in range(5)]
        send(agent, *range(5, 25))
        lines += [following.stdout.readline() for _ in range(20)]
        assert sorted(json.loads(json.loads(line)["value"])["n"] for line in lines) == list(range(25))
        kafka.delete_topic(topic)
        said = following.stderr.read()
    finally:
        following.kill()
        following.communicate()
    assert f"The topic {topic} does not exist" in said
    assert topic not in kafka.admin.topics()


def test_a_tail_creates_no_topic(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_plaintext(agent, kafka.plaintext, topic)
    kafka.delete_topic(topic)
    told = agent.cli("tail", "--follow")
    assert told.returncode == 1
    assert "does not exist" in told.stderr
    assert topic not in kafka.admin.topics()


def test_a_password_that_is_refused_is_told(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_sasl(agent, kafka, topic)
    kafka.rotate_password("insights", "SCRAM-SHA-512", "another")
    first, second = agent.cli("tail"), agent.cli("tail")
    assert first.returncode == second.returncode == 1
    assert "refuses the login of insights" in first.stderr
    assert second.stderr == first.stderr  # held: a second login could lock the account
