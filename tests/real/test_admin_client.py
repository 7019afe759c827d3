"""`algorithmia-api-client` 1.5.5 creates, reads and deletes the connection, as it did on the original platform."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kafka_cluster import MECHANISMS, Cluster
from tests.real.clients import PythonClient
from tests.real.consumers import hold
from tests.real.scripts import ADMIN, REPORT
from tests.support import AgentProcess
from tests.support.connect import USER, wait_connected

TOKEN = "administration-token-for-tests"


@pytest.fixture
def administered(new_agent: Callable[..., AgentProcess], tmp_path: Path) -> AgentProcess:
    """An agent that takes control calls over TCP with a token."""
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{TOKEN}\n")
    return new_agent({"INSIGHTS_TOKEN_FILE": str(file)})


def call(
    client: PythonClient, agent: AgentProcess, action: str, request: dict[str, str] | None = None, *,
    token: str = TOKEN, prefix: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    printed = client.run(ADMIN, agent.url, token, action, json.dumps(prefix or {}), json.dumps(request or {}))
    answer: dict[str, Any] = json.loads(printed)
    return answer


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_connection_over_tls_from_its_creation_to_its_end(
    administered: AgentProcess,
    kafka: Cluster,
    topic: str,
    mechanism: str,
    admin_1_5_5: PythonClient,
    python_2_0_5: PythonClient,
) -> None:
    request = {
        "connection_type": "kafka_sasl_ssl",
        "broker_url": kafka.sasl_ssl,
        "topic": topic,
        "broker_username": USER,
        "broker_password": kafka.users[USER],
        "ca_certificate": kafka.ca_pem,
        "sasl_mechanism": mechanism,
    }
    created = call(admin_1_5_5, administered, "sasl", request)
    read = call(admin_1_5_5, administered, "get")
    for answer in (created, read):
        assert answer["broker_url"] == kafka.sasl_ssl
        assert answer["topic"] == topic
        assert answer["broker_username"] == USER
        assert answer["sasl_mechanism"] == mechanism
        assert answer["ca_certificate"].strip() == kafka.ca_pem.strip()
        assert answer["broker_password"] is None
    assert read["id"] == created["id"]
    assert kafka.users[USER] not in json.dumps([created, read])

    wait_connected(administered)
    python_2_0_5.run(REPORT, '{"risk_score": 0.2}', env={"ALGORITHMIA_API": administered.url})
    (record,) = kafka.read_all(topic, count=1)
    assert hold(record)["risk_score"] == 0.2

    assert call(admin_1_5_5, administered, "delete") == {"status": 204}
    assert call(admin_1_5_5, administered, "get")["status"] == 404
    assert administered.snapshot()["state"] == "not_connected"


def test_a_plaintext_connection(
    administered: AgentProcess, kafka: Cluster, topic: str, admin_1_5_5: PythonClient
) -> None:
    request = {
        "connection_type": "kafka_unauthenticated_plaintext",
        "broker_url": kafka.plaintext,
        "topic": topic,
    }
    created = call(admin_1_5_5, administered, "plaintext", request, prefix={"Authorization": "Bearer"})
    assert (created["broker_url"], created["topic"]) == (kafka.plaintext, topic)
    assert created["broker_username"] is None
    wait_connected(administered)


def test_a_connection_that_cannot_be_is_refused_with_its_reason(
    administered: AgentProcess, admin_1_5_5: PythonClient
) -> None:
    request = {
        "connection_type": "kafka_unauthenticated_plaintext",
        "broker_url": "kafka-1:notaport",
        "topic": "insights",
    }
    refused = call(admin_1_5_5, administered, "plaintext", request)
    assert 400 <= refused["status"] < 500
    error = json.loads(refused["body"])["error"]
    assert error["field"] == "broker_url"
    assert "notaport" in error["message"]
    assert error["hint"]


@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_the_token_nothing_is_told_or_changed(
    administered: AgentProcess, admin_1_5_5: PythonClient, token: str
) -> None:
    assert call(admin_1_5_5, administered, "get", token=token)["status"] in {401, 403}
    assert call(admin_1_5_5, administered, "delete", token=token)["status"] in {401, 403}


def test_without_a_token_file_control_over_tcp_is_forbidden(agent: AgentProcess, admin_1_5_5: PythonClient) -> None:
    assert call(admin_1_5_5, agent, "get", token="anything")["status"] == 403
