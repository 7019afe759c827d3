"""The composed agent against librdkafka's mock cluster, through the HTTP that clients use."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from confluent_kafka import Producer

from insights_tui.agent.agent import Agent
from insights_tui.agent.embedded import EmbeddedAgent
from insights_tui.agent.starting import AgentStartError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.settings import Settings, load_settings
from tests.agent.test_metrics import samples

DEAD = "127.0.0.1:1"


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """Three brokers inside the process; topics appear on first use."""
    cluster = Producer(
        {"test.mock.num.brokers": 3, "bootstrap.servers": "unused"}, logger=logging.getLogger("mock-cluster")
    )
    for topic in ("insights", "other"):
        cluster.produce(topic, b"{}")
    cluster.flush(10)
    yield ",".join(f"{broker.host}:{broker.port}" for broker in cluster.list_topics(timeout=10).brokers.values())
    cluster.flush(1)  # the cluster lives as long as its handle


def _settings(state: Path, **environ: str) -> Settings:
    return load_settings(environ={"INSIGHTS_STATE_DIR": str(state), "INSIGHTS_LISTEN": "127.0.0.1:0", **environ})


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    settings = _settings(tmp_path / "state")
    running = Agent(settings, places=settings.places, mode="service")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def control(agent: Agent) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(agent.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://agent", timeout=30) as client:
        yield client


def _form(brokers: str, topic: str = "insights") -> dict[str, str]:
    return {"connection_type": "kafka_unauthenticated_plaintext", "broker_url": brokers, "topic": topic}


async def _connect(control: httpx.AsyncClient, form: dict[str, str], check: str = "require") -> httpx.Response:
    return await control.post(f"/v1/admin/insights-connection?check={check}", json=form)


async def _until(control: httpx.AsyncClient, holds: Any) -> Snapshot:
    async with asyncio.timeout(30):
        while True:
            answer = await control.get("/v1/snapshot?history=10")
            snapshot = msgspec.json.decode(answer.content, type=Snapshot)
            assert snapshot.balanced
            if holds(snapshot):
                return snapshot
            await asyncio.sleep(0.02)


async def test_a_report_travels_from_the_port_to_kafka(agent: Agent, control: httpx.AsyncClient, brokers: str) -> None:
    assert (await _connect(control, _form(brokers))).status_code == 200
    async with httpx.AsyncClient() as algorithm:
        reply = await algorithm.post(f"{agent.url}/v1/insights", json=[{"insight_key": "score", "insight_value": 0.5}])
    assert reply.json()["accepted"] == 1
    snapshot = await _until(control, lambda s: s.counts.delivered == 1 and s.state == "connected")
    assert snapshot.connection is not None
    assert snapshot.connection.topic == "insights"
    assert snapshot.ingest_url == agent.url
    assert snapshot.problems == ()


async def test_open_executions_are_counted_everywhere(agent: Agent, control: httpx.AsyncClient) -> None:
    begun = [(await control.post("/v1/runs", json={})).json()["request_id"] for _ in range(3)]
    assert (await control.get("/v1/snapshot")).json()["executions_open"] == 3
    assert samples(agent.metrics()[0])["insights_executions_open"] == 3
    await control.post(f"/v1/runs/{begun[0]}/finish", json={})
    snapshot = await _until(control, lambda s: s.executions_open == 2)
    assert snapshot.executions_unfinished == 0
    assert samples(agent.metrics()[0])["insights_executions_unfinished_total"] == 0


async def test_a_scrape_and_the_snapshot_of_one_instant_say_the_same(agent: Agent, brokers: str) -> None:
    transport = httpx.AsyncHTTPTransport(uds=str(agent.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://agent") as control, httpx.AsyncClient() as tcp:
        await _connect(control, _form(brokers))
        body = b'{"score": 1}\n' * 500
        kind = {"Content-Type": "application/x-ndjson"}
        for _ in range(10):
            assert (await tcp.post(f"{agent.url}/v1/payloads", content=body, headers=kind)).status_code == 200
            again = None
            while again != (seen := agent.snapshot().counts):  # only the spool's thread runs in between
                text, again = agent.metrics()[0], seen
            found = samples(text)
            for place in ("queue", "in_flight", "retrying"):
                counted = seen.queued if place == "queue" else getattr(seen, place)
                assert found[f"insights_{place}_payloads"] == counted
            assert found["insights_payloads_accepted_total"] == seen.accepted
            assert found["insights_payloads_delivered_total"] == seen.delivered
            assert found["insights_ledger_balanced"] == 1
        await _until(control, lambda s: s.counts.delivered == 5000)
        found = samples((await tcp.get(f"{agent.url}/metrics")).content)
    assert found["insights_payloads_delivered_total"] == found["insights_payloads_attempts_total"] == 5000
    assert found["insights_delivery_latency_seconds_count"] == 5000
    assert found["insights_kafka_connection_state state=connected"] == 1
    assert found["process_resident_memory_bytes"] > 0


async def test_before_a_connection_payloads_wait_and_say_so(agent: Agent, control: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient() as algorithm:
        assert (await algorithm.post(f"{agent.url}/v1/insights", json={"score": 1})).status_code == 200
    snapshot = await _until(control, lambda s: s.counts.queued == 1)
    assert snapshot.state == "not_connected"
    assert snapshot.next_loss_s is not None
    assert agent.ready() == "No Kafka connection is configured, and payloads wait for one."
    answer = await control.post("/v1/admin/test-payload", json={})
    assert answer.status_code == 409


async def test_an_edit_that_does_not_hold_leaves_the_old_connection_delivering(
    agent: Agent, control: httpx.AsyncClient, brokers: str
) -> None:
    await _connect(control, _form(brokers))
    refused = await _connect(control, _form(DEAD))
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "kafka_unreachable"
    receipt = await control.post("/v1/admin/test-payload", json={})
    assert receipt.json()["topic"] == "insights"
    assert (await control.get("/v1/admin/insights-connection")).json()["revision"] == 1


async def test_an_edit_sends_what_waits_to_the_new_topic(control: httpx.AsyncClient, brokers: str) -> None:
    await _connect(control, _form(DEAD), check="skip")
    await control.post("/v1/payloads", json={"score": 1})
    await _until(control, lambda s: s.counts.pending == 1)
    assert (await _connect(control, _form(brokers, "other"))).status_code == 200
    snapshot = await _until(control, lambda s: s.counts.delivered == 1)
    edits = [event.text for event in snapshot.events if event.code == "connection_saved"]
    assert "1 pending payload goes to topic other" in edits[0]


async def test_deleting_keeps_the_queue(control: httpx.AsyncClient) -> None:
    await _connect(control, _form(DEAD), check="skip")
    await control.post("/v1/payloads", json={"score": 1})
    assert (await control.delete("/v1/admin/insights-connection")).status_code == 204
    snapshot = await _until(control, lambda s: s.state == "not_connected")
    assert snapshot.counts.pending == 1
    assert (await control.get("/v1/admin/insights-connection")).status_code == 404


async def test_the_connection_survives_a_restart(tmp_path: Path, brokers: str) -> None:
    settings = _settings(tmp_path / "state")
    for start in range(2):
        agent = Agent(settings, places=settings.places, mode="service")
        await agent.start()
        transport = httpx.AsyncHTTPTransport(uds=str(agent.socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://agent") as control:
            if start == 0:
                await _connect(control, _form(brokers))
            await _until(control, lambda s: s.state == "connected")
        await agent.stop()


async def test_settings_seed_the_connection_only_where_none_is_stored(tmp_path: Path, brokers: str) -> None:
    for topic in ("insights", "other"):
        settings = _settings(tmp_path / "state", INSIGHTS_CONNECTION__TOPIC=topic, INSIGHTS_CONNECTION__SERVERS=brokers)
        agent = Agent(settings, places=settings.places, mode="service")
        await agent.start()
        saved = agent.saved()
        await agent.stop()
        assert saved is not None
        assert saved.topic == "insights"


async def test_a_second_agent_on_the_same_state_names_the_first(agent: Agent, tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    with pytest.raises(AgentStartError, match=r"in use by process \d+") as held:
        await Agent(settings, places=settings.places, mode="service").start()
    assert held.value.exit_code == 1


async def test_a_busy_port_is_a_configuration_error_that_names_the_owner(agent: Agent, tmp_path: Path) -> None:
    assert agent.url is not None
    port = agent.url.rpartition(":")[2]
    settings = load_settings(
        environ={"INSIGHTS_STATE_DIR": str(tmp_path / "second"), "INSIGHTS_LISTEN": f"127.0.0.1:{port}"}
    )
    second = Agent(settings, places=settings.places, mode="service")
    with pytest.raises(AgentStartError, match="pid") as busy:
        await second.start()
    assert busy.value.exit_code == 78
    assert busy.value.hint.startswith("Stop that program, or set INSIGHTS_LISTEN")
    again = Agent(_settings(tmp_path / "second"), places=_settings(tmp_path / "second").places, mode="service")
    await again.start()  # the failed start let go of the state directory
    await again.stop()


async def test_a_stop_leaves_no_task_behind(tmp_path: Path, brokers: str) -> None:
    before = asyncio.all_tasks()
    settings = _settings(
        tmp_path / "state", INSIGHTS_CONNECTION__TOPIC="insights", INSIGHTS_CONNECTION__SERVERS=brokers
    )
    agent = Agent(settings, places=settings.places, mode="service")
    await agent.start()
    await agent.stop()
    async with asyncio.timeout(10):
        while asyncio.all_tasks() != before:  # a look-up in the resolver's thread ends when the resolver does
            await asyncio.sleep(0.01)
    assert not agent.socket.exists()


def test_an_embedded_agent_lives_in_its_own_thread(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    embedded = EmbeddedAgent(settings, settings.places, "embedded")
    socket = embedded.start()
    transport = httpx.HTTPTransport(uds=str(socket))
    with httpx.Client(transport=transport, base_url="http://agent") as control:
        assert control.get("/v1/snapshot").json()["agent"]["mode"] == "embedded"
    counts = embedded.stop()
    assert counts is not None
    assert counts.accepted == 0


def test_an_embedded_agent_may_be_stopped_by_several_at_once(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    embedded = EmbeddedAgent(settings, settings.places, "embedded")
    embedded.start()
    with ThreadPoolExecutor(8) as callers:
        ended = [callers.submit(embedded.stop) for _ in range(32)]
    assert {one.result() for one in ended} == {embedded.stop()}
    assert embedded.stop() is not None


def test_an_embedded_agent_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a directory", encoding="ascii")
    settings = _settings(tmp_path / "state")
    with pytest.raises(AgentStartError, match="is no directory"):
        EmbeddedAgent(settings, settings.places, "embedded").start()


async def test_events_outlive_the_agent_and_a_start_says_how_the_last_one_ended(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    first = Agent(settings, places=settings.places, mode="service")
    await first.start()
    async with httpx.AsyncClient() as algorithm:
        assert (await algorithm.post(f"{first.url}/v1/insights", json={"score": 1})).status_code == 200
    await first.stop()
    second = Agent(settings, places=settings.places, mode="service")
    await second.start()
    told = second.events()
    await second.stop()
    assert [event.code for event in told] == ["started", "stopped", "started"]
    assert told[1].text.endswith("1 payload is on disk and sent when it starts again.")
    assert told[2].text == "The agent started. 1 payload is found waiting."
