"""The agent with the spool on disk: what is pending survives it, and a disk without room is said and got over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from insights_tui.agent.agent import Agent
from insights_tui.agent.starting import AgentStartError
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Snapshot
from insights_tui.settings import load_settings
from insights_tui.spool.durable import folder
from tests.agent.test_metrics import samples


@dataclass
class Running:
    agent: Agent
    control: httpx.AsyncClient

    async def send(self, body: str = '{"score": 1}\n') -> httpx.Response:
        return await self.control.post("/v1/payloads", content=body, headers={"Content-Type": "application/x-ndjson"})

    async def until(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(20):
            while not holds(seen := self.agent.snapshot()):
                await asyncio.sleep(0.01)
        assert seen.balanced
        return seen


@asynccontextmanager
async def running(tmp_path: Path, **environ: str) -> AsyncIterator[Running]:
    settings = load_settings(
        environ={"INSIGHTS_STATE_DIR": str(tmp_path / "state"), "INSIGHTS_LISTEN": "127.0.0.1:0", **environ}
    )
    agent = Agent(settings, places=settings.places, mode="service")
    await agent.start()
    transport = httpx.AsyncHTTPTransport(uds=str(agent.socket))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://agent") as control:
            yield Running(agent, control)
    finally:
        await agent.stop()


async def test_what_is_pending_survives_a_restart_with_its_deadline(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        assert (await first.send('{"score": 1}\n' * 3)).status_code == 200
        before = first.agent.snapshot()
    assert (before.capacity.durability, before.counts.queued) == ("full", 3)
    assert "durability_memory" not in {event.code for event in before.events}
    async with running(tmp_path) as second:
        after = second.agent.snapshot()
        assert (after.counts.accepted, after.counts.queued) == (3, 3)
        assert after.oldest_age_s is not None
        assert before.oldest_age_s is not None
        assert after.oldest_age_s >= before.oldest_age_s  # a restart makes nothing younger
        assert samples(second.agent.metrics()[0])["insights_payloads_accepted_total"] == 3


async def test_counts_and_lost_payloads_survive_and_can_be_redriven(tmp_path: Path) -> None:
    async with running(tmp_path, INSIGHTS_DELIVERY__DEADLINE_S="0.2") as first:
        await first.send('{"score": 1}\n' * 4)
        await first.until(lambda seen: seen.lost_open == 4)
        assert (await first.control.delete("/v1/lost?reason=rejected")).json() == {"dropped": 0, "lost_open": 4}
    async with running(tmp_path, INSIGHTS_DELIVERY__DEADLINE_S="60") as second:
        await second.until(lambda seen: seen.lost_open == 4)
        lost = (await second.control.get("/v1/lost?values=1")).text.splitlines()
        assert len(lost) == 4
        assert '\\"score\\":1' in lost[0].replace(" ", "")
        assert (await second.control.post("/v1/lost/redrive", json={})).json() == {"redriven": 4, "lost_open": 0}
        seen = second.agent.snapshot()
        assert (seen.counts.accepted, seen.counts.pending, seen.counts.expired_unsent, seen.redriven) == (8, 4, 4, 4)
        assert seen.balanced
    async with running(tmp_path) as third:
        seen = await third.until(lambda seen: seen.counts.pending == 4)
        assert (seen.counts.accepted, seen.counts.expired_unsent, seen.lost_open, seen.redriven) == (8, 4, 0, 4)
        assert (await third.control.delete("/v1/lost?all=true")).json() == {"dropped": 0, "lost_open": 0}


async def test_how_full_it_is_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as run:
        await run.send()
        commits = "insights_spool_commit_seconds quantile=0.99"
        async with asyncio.timeout(20):
            while commits not in (found := samples(run.agent.metrics()[0])):  # it looks once a second
                await asyncio.sleep(0.01)
        assert found[commits] > 0
        capacity = run.agent.snapshot().capacity
        assert capacity.spool_max_bytes == 2 * 1024**3
        assert capacity.spool_bytes is not None
        assert capacity.spool_bytes > 0
        assert capacity.disk_free_bytes is not None
        assert found["insights_spool_max_bytes"] == capacity.spool_max_bytes


async def test_a_full_disk_refuses_says_so_and_goes_on_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as run:
        assert (await run.send()).status_code == 200
        accepted = 2  # with the one at the end
        with monkeypatch.context() as patched:
            patched.setattr(folder, "free", lambda _: 1024)
            seen = await run.until(lambda seen: seen.refusing == "disk_full")
            while (refused := await run.send()).status_code == 200:
                accepted += 1  # the spool looks at the disk four times a second
            assert (refused.status_code, refused.json()["error"]["code"]) == (507, "disk_full")
            assert int(refused.headers["retry-after"]) > 0
            await run.control.post("/v1/admin/insights-connection", json={"topic": "t", "broker_url": "127.0.0.1:1"})
            tested = await run.control.post("/v1/admin/test-payload", json={})
            assert (tested.status_code, tested.json()["error"]["code"]) == (507, "disk_full")
            [problem] = [problem for problem in seen.problems if problem.code == "disk_full"]
            assert problem.what == "Nothing more can be kept: the disk is full."
            assert "Free disk space" in problem.act
            assert (await run.control.get("/readyz")).status_code == 503
        await run.until(lambda seen: seen.refusing is None)
        assert (await run.send()).status_code == 200
        assert run.agent.snapshot().refused[Refusal.DISK_FULL] == 1
        assert run.agent.snapshot().counts.accepted == accepted
        seen = await run.until(lambda seen: "ingest_accepts" in {event.code for event in seen.events})
        assert "Ingest refuses payloads: the disk is full." in {event.text for event in seen.events}


async def test_a_spool_at_its_limit_names_the_setting(tmp_path: Path) -> None:
    async with running(tmp_path, INSIGHTS_SPOOL__MAX_BYTES="100000") as run:
        body = '{"score": 1}\n' * 100
        while (answer := await run.send(body)).status_code == 200:
            pass
        assert answer.status_code == 507
        seen = await run.until(lambda seen: seen.refusing == "disk_full")
        [problem] = [problem for problem in seen.problems if problem.code == "disk_full"]
        assert problem.what == "Nothing more can be kept: the spool has reached its limit of 98 KiB."
        assert "INSIGHTS_SPOOL__MAX_BYTES" in problem.act
        assert seen.counts.accepted == seen.counts.pending


async def test_a_network_file_system_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "file_system", lambda *_: "nfs4")
    with pytest.raises(AgentStartError, match="network file system") as refused:
        async with running(tmp_path):
            pass
    assert refused.value.exit_code == 78
    assert "INSIGHTS_STATE_DIR" in refused.value.hint
    async with running(tmp_path, INSIGHTS_DELIVERY__DURABILITY="memory") as run:  # and let go of the state directory
        assert run.agent.snapshot().capacity.durability == "memory"
        assert run.agent.snapshot().capacity.spool_bytes is None
    assert not (tmp_path / "state" / "spool").exists()
