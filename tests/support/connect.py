"""Connect an agent to a cluster as a person would: by the command line."""

import json
from typing import Any

from tests.kafka_cluster import Cluster
from tests.support.agent_process import AgentProcess

USER = "insights"


def connect_sasl(agent: AgentProcess, cluster: Cluster, topic: str, mechanism: str = "SCRAM-SHA-512") -> None:
    """`insights-tui connect` over TLS with the cluster's CA, then wait until payloads can be delivered."""
    result = agent.cli(
        "connect", "--topic", topic, "--servers", cluster.sasl_ssl, "--type", "sasl", "--mechanism", mechanism,
        "--username", USER, "--ca", str(cluster.ca_file), "--password-from", "env:KAFKA_PASSWORD",
        env={"KAFKA_PASSWORD": cluster.users[USER]},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr + agent.log_tail()
    wait_connected(agent)


def connect_plaintext(agent: AgentProcess, servers: str, topic: str) -> None:
    """`insights-tui connect` without TLS, then wait until payloads can be delivered."""
    result = agent.cli("connect", "--topic", topic, "--servers", servers, "--type", "plaintext")
    assert result.returncode == 0, result.stdout + result.stderr + agent.log_tail()
    wait_connected(agent)


def wait_connected(agent: AgentProcess) -> dict[str, Any]:
    """Wait for the state `connected`."""
    return agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")


def wait_delivered(agent: AgentProcess, count: int, timeout_s: float = 60.0) -> dict[str, Any]:
    """Wait until that many payloads are delivered and none is pending, lost or uncounted."""
    seen = agent.wait_until(
        lambda snapshot: bool(snapshot["counts"]["delivered"] >= count), f"{count} payloads are delivered", timeout_s
    )
    counts = seen["counts"]
    assert seen["balanced"], json.dumps(counts)
    assert counts["accepted"] == counts["delivered"] == count, json.dumps(counts)
    return seen
