"""The calls about executions, over both listeners."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from insights_tui.agent.executions.keeper import Executions
from insights_tui.agent.http.server import HttpServer, HttpSettings
from insights_tui.domain.connection import Secret
from insights_tui.domain.outcome import Refusal
from tests.executions.bench import NAMES, Bench
from tests.http.fakes import FakeControl
from tests.spool.machine import FakeClock

JSON = {"content-type": "application/json"}


@asynccontextmanager
async def serving(folder: Path, **changes: Any) -> AsyncIterator[tuple[Bench, httpx.AsyncClient, httpx.AsyncClient]]:
    clock = FakeClock()
    bench = Bench(folder, clock, **({"max_open": changes.pop("max_open")} if "max_open" in changes else {}))
    settings = HttpSettings(folder / "s", "127.0.0.1:0", **changes)
    server = HttpServer(
        settings,
        bench,
        FakeControl(),
        clock,
        algorithms=bench.registry,
        executions=lambda intake: Executions(bench.store, intake, bench, bench.spool, clock),
    )
    assert server.executions is not None
    await bench.spool.open()
    await server.executions.start()
    await server.start()
    unix = httpx.AsyncHTTPTransport(uds=str(folder / "s"))
    async with (
        httpx.AsyncClient(base_url=server.url or "", trust_env=False) as tcp,
        httpx.AsyncClient(transport=unix, base_url="http://agent", trust_env=False) as local,
    ):
        yield bench, tcp, local
    await server.stop(1.0)
    await server.executions.stop()
    await bench.spool.close()


async def test_a_whole_life(tmp_path: Path) -> None:
    async with serving(tmp_path) as (bench, tcp, _):
        begun = await tcp.post("/v1/runs", json={"owner": "acme", "name": "score", "version": "1.0.6"})
        assert begun.status_code == 201
        run = begun.json()
        assert run["base_url"] == f"{tcp.base_url}/run/{run['request_id']}".replace("//run", "/run")
        one = await tcp.post(f"{run['base_url']}/v1/insights", json=[{"insight_key": "a", "insight_value": 1}])
        assert (one.status_code, one.json()["response"], one.json()["accepted"]) == (200, "ok", 1)
        two = await tcp.post(f"{run['base_url']}//v1/insights", json={"a": "2", "b": None, "time": 3})
        assert (two.json()["replaced"], two.json()["dropped"], two.json()["dropped_count"]) == (["a"], ["b", "time"], 2)
        bad = await tcp.post(f"{run['base_url']}/v1/insights", content=b'{"a": NaN}', headers=JSON)
        assert bad.status_code == 400
        ended = await tcp.post(f"/v1/runs/{run['request_id']}/finish", content=b"", headers=JSON)
        assert (ended.status_code, ended.json()) == (200, {"published": True, "id": bench.taken[0].id})
        again = await tcp.post(f"/v1/runs/{run['request_id']}/finish", json={"duration_milliseconds": 1})
        assert (again.status_code, again.json()["published"]) == (200, False)
        (value,) = bench.values
        assert (value["a"], value["session_id"], value["algorithm_owner"]) == (2, run["session_id"], "acme")
        assert {note.code for note in bench.notes} == {"metric_dropped", "metric_replaced", "refused_invalid"}


async def test_sessions_group_executions_and_names_have_defaults(tmp_path: Path) -> None:
    async with serving(tmp_path) as (bench, tcp, _):
        for path, body in (
            ("/v1/runs", {"session_id": "rses-1"}),
            ("/as/acme/score/2/v1/runs", {"session_id": "rses-1", "version": "3"}),
            ("/v1/runs", {}),
        ):
            run = (await tcp.post(path, json=body)).json()
            await tcp.post(f"/v1/runs/{run['request_id']}/finish", json={"duration_milliseconds": 12.5})
        first, second, third = bench.values
        assert first["session_id"] == second["session_id"] != third["session_id"]
        assert (second["algorithm_owner"], second["algorithm_version"]) == ("acme", "3")
        assert (first["algorithm_owner"], first["duration_milliseconds"]) == ("local", 12.5)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/runs", [], "wrong_shape"),
        ("/v1/runs", {"owner": ""}, "invalid_field"),
        ("/v1/runs", {"name": "\x1b[31m"}, "invalid_field"),
        ("/v1/runs", {"version": 1}, "invalid_field"),
        ("/v1/runs", {"session_id": "s" * 300}, "invalid_field"),
        ("/v1/runs/{id}/finish", {"duration_milliseconds": -1}, "invalid_field"),
        ("/v1/runs/{id}/finish", {"duration_milliseconds": "soon"}, "invalid_field"),
        ("/v1/runs/{id}/finish", "x", "wrong_shape"),
    ],
)
async def test_what_makes_no_sense_is_refused(tmp_path: Path, path: str, body: object, code: str) -> None:
    async with serving(tmp_path) as (bench, tcp, _):
        run = (await tcp.post("/v1/runs", json={})).json()["request_id"]
        answer = await tcp.post(path.replace("{id}", run), json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
        assert bench.refusals == {Refusal.INVALID: 1}
        assert not bench.taken


async def test_the_token_is_asked_for_and_handed_on(tmp_path: Path) -> None:
    async with serving(tmp_path, ingest_token=Secret("s3cret/token")) as (_, tcp, local):
        assert (await tcp.post("/v1/runs", json={})).status_code == 401
        over_tcp = (await tcp.post("/t/s3cret%2Ftoken/v1/runs", json={})).json()["base_url"]
        over_unix = (await local.post("/v1/runs", json={})).json()["base_url"]
        for base in (over_tcp, over_unix):
            assert "/t/s3cret%2Ftoken/run/req-" in base
            assert (await tcp.post(f"{base}/v1/insights", json={"a": 1})).status_code == 200
        assert (await tcp.post(f"{over_tcp.replace('s3cret', 'other')}/v1/insights", json={"a": 1})).status_code == 401


async def test_too_many_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path, max_open=1) as (bench, tcp, _):
        assert (await tcp.post("/v1/runs", json={})).status_code == 201
        full = await tcp.post("/v1/runs", json={})
        assert (full.status_code, full.headers["retry-after"]) == (429, "5")
        assert bench.refusals == {Refusal.QUEUE_FULL: 1}
        assert (await tcp.get("/v1/runs")).status_code == 405


async def test_a_disabled_algorithm_gets_200_all_along(tmp_path: Path) -> None:
    async with serving(tmp_path) as (bench, tcp, _):
        bench.registry.entry(NAMES).on = False
        run = (await tcp.post("/v1/runs", json=NAMES._asdict())).json()
        report = await tcp.post(f"{run['base_url']}/v1/insights", json={"a": 1})
        assert (report.status_code, report.json()["accepted"]) == (200, 0)
        ended = await tcp.post(f"/v1/runs/{run['request_id']}/finish", json={})
        assert (ended.status_code, ended.json()["published"]) == (200, False)
        assert (bench.taken, bench.refusals) == ([], {Refusal.DISABLED: 1})
