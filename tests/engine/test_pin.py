"""What our lanes lean on in aiokafka: a new version that changes any of it fails here, not in production."""

import inspect
import logging

import aiokafka
import pytest
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol, CloseReason
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest, ProduceResponse_v7
from aiokafka.protocol.transaction import InitProducerIdRequest

from insights_tui.domain.clock import SystemClock
from insights_tui.kafka.client import Client, Times
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.produce import Produce, reasons
from tests.fakes.broker import FakeCluster


def test_the_version_is_the_one_that_was_studied() -> None:
    assert aiokafka.__version__ == "0.14.0"


def test_the_signatures_that_we_call_or_override() -> None:
    assert list(inspect.signature(AIOKafkaClient.send).parameters) == ["self", "node_id", "request", "group"]
    assert list(inspect.signature(AIOKafkaClient._get_conn).parameters) == ["self", "node_id", "group", "no_hint"]
    assert list(inspect.signature(AIOKafkaConnection.close).parameters) == ["self", "reason", "exc"]
    assert list(inspect.signature(AIOKafkaConnection._read).parameters) == ["self_ref"]
    assert list(inspect.signature(ProduceRequest).parameters) == [
        "transactional_id", "required_acks", "timeout", "topics",
    ]  # fmt: skip
    assert list(inspect.signature(InitProducerIdRequest).parameters) == ["transactional_id", "transaction_timeout_ms"]
    assert InitProducerIdRequest(None, 1).prepare({22: (0, 5)}).API_VERSION == 0
    assert list(inspect.signature(MetadataRequest).parameters) == ["topics", "allow_auto_topic_creation"]
    assert list(inspect.signature(AIOKafkaProtocol).parameters) == ["closed_fut", "args", "loop", "kw"]
    for name in ("_do_version_lookup", "_do_sasl_handshake", "_create_reader_task", "_handle_frame", "connected"):
        assert callable(getattr(AIOKafkaConnection, name))
    assert {"CONNECTION_BROKEN", "CONNECTION_TIMEOUT", "SHUTDOWN"} <= set(CloseReason.__members__)


def test_send_goes_through_get_conn_and_keeps_connections_where_we_put_them() -> None:
    assert "self._get_conn(node_id" in inspect.getsource(AIOKafkaClient.ready)
    assert "self._conns[(node_id, group)]" in inspect.getsource(AIOKafkaClient.send)


def test_where_the_error_code_stands_in_an_answer() -> None:
    answer = ProduceResponse_v7([("topic", [(3, 29, 77, -1, 0)])], 0)
    (name, ((partition, code, offset, *_),)), *_ = answer.topics
    assert (name, partition, code, offset) == ("topic", 3, 29, 77)


def test_the_produce_answer_that_gives_reasons() -> None:
    asked = Produce(None, -1, 1000, [("topic", [(3, b"records")])])
    assert [asked.prepare({0: (3, highest)}).API_VERSION for highest in (7, 8, 12)] == [7, 8, 8]
    told = asked.prepare({0: (3, 8)}).RESPONSE_TYPE
    answer = told.decode(told([("topic", [(3, 32, -1, -1, 0, [(0, "too new"), (1, None)], "refused")])], 0).encode())
    (_, ((_, code, offset, *rest),)), *_ = answer.topics
    assert (code, offset, list(reasons(rest))) == (32, -1, ["too new"])
    assert list(reasons([-1, 0])) == list(reasons([-1, 0, [], None])) == []


def test_only_a_metadata_request_that_forbids_it_creates_no_topic() -> None:
    assert MetadataRequest(["t"], False).prepare({3: (0, 8)}).allow_auto_topic_creation is False
    assert MetadataRequest(["t"]).prepare({3: (0, 8)}).allow_auto_topic_creation is True


async def test_no_task_of_aiokafkas_own_runs_and_nothing_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("aiokafka.conn").error("not to be seen")
    async with FakeCluster() as cluster:
        cluster.create("insights")
        gate = LoginGate(lambda: 0.0, base_s=1.0, cap_s=1.0)
        client = Client(cluster.connection(), clock=SystemClock(), gate=gate, times=Times())
        await client.bootstrap()
        assert client._sync_task is None
        assert client.force_metadata_update().done()
        node = client.nodes[1]
        assert client.wire(1) is client._conns[(1, ConnectionGroup.DEFAULT)]
        cluster.brokers[0].cut()
        view = None
        with pytest.raises(Exception, match=r"closed|not ready"):
            view = await client.refresh(node)
        assert view is None
        await client.shut()
    assert not caplog.records
