"""Control calls, health, and who may make them."""

import asyncio
import json
import os
import pwd

import httpx
import msgspec
import pytest

from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Event, Snapshot
from tests.http.conftest import Serve, Served
from tests.http.fakes import a_snapshot, an_event

JSON = {"Content-Type": "application/json"}
CONNECTION = "/v1/admin/insights-connection"
SASL = {
    "connection_type": "kafka_sasl_ssl",
    "broker_url": "h1:9094",
    "topic": "insights",
    "broker_username": "u",
    "broker_password": "marker-p4ssword",
    "ca_certificate": "-----BEGIN CERTIFICATE-----",
    "sasl_mechanism": "SCRAM-SHA-256",
}


def codes(answer: httpx.Response) -> list[str]:
    body = answer.json()
    return [error["code"] for error in body.get("errors", [body.get("error")])]


async def test_the_snapshot_arrives_as_the_dataclass_that_was_sent(served: Served) -> None:
    answer = await served.unix.get("/v1/snapshot?history=3")
    assert answer.status_code == 200
    assert msgspec.json.decode(answer.content, type=Snapshot) == a_snapshot(3)
    assert answer.json()["as_of"] == "2026-11-22T12:04:31.120000Z"
    assert answer.json()["oldest_age_s"] is None
    assert answer.json()["refused"]["queue_full"] == 0


@pytest.mark.parametrize(
    "query", ["snapshot?history=-1", "snapshot?history=x", "events?after=1e3", "events?after=٣", "events?follow=maybe"]
)
async def test_a_bad_query_is_refused_by_name(served: Served, query: str) -> None:
    answer = await served.unix.get(f"/v1/{query}")
    assert (answer.status_code, codes(answer)) == (400, ["invalid_query"])
    assert answer.json()["error"]["field"] in query


async def test_history_is_bounded(served: Served) -> None:
    assert len((await served.unix.get("/v1/snapshot?history=999999")).json()["history"]) == 300


async def test_health_is_open_and_readiness_says_why_not(served: Served) -> None:
    for client in (served.tcp, served.unix):
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.head("/healthz")).status_code == 200
    served.control.why = "Kafka cannot be reached."
    answer = await served.tcp.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "Kafka cannot be reached.")
    assert (await served.tcp.get("/healthz")).status_code == 200


async def test_metrics_are_open_in_the_format_that_is_asked_for(serve: Serve) -> None:
    served = await serve(token=Secret("t"), ingest_token=Secret("i"))
    for client in (served.tcp, served.unix):
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        assert (answer.status_code, answer.text) == (200, "# asked for application/openmetrics-text\n")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (await served.tcp.get("/metrics", headers={"Host": "evil.example"})).status_code == 421
    assert codes(await served.tcp.post("/metrics", json={})) == ["method_not_allowed"]
    assert served.ingest.refusals == {}


async def test_a_connection_is_made_read_and_deleted(served: Served) -> None:
    missing = await served.unix.get(CONNECTION)
    assert (missing.status_code, codes(missing)) == (404, ["no_connection"])
    made = await served.unix.post(CONNECTION, json=SASL)
    assert made.status_code == 200
    ((form, check, _),) = served.control.forms
    assert check == "skip"
    assert (form.topic, form.broker_password) == ("insights", Secret("marker-p4ssword"))
    assert (form.ca_certificate, form.sasl_mechanism) == ("-----BEGIN CERTIFICATE-----", "SCRAM-SHA-256")
    read = await served.unix.get(CONNECTION)
    assert read.json() == made.json()
    assert "broker_password" not in read.json()
    assert None not in read.json().values()
    again = await served.unix.post(f"{CONNECTION}?check=require", json=read.json())
    assert again.status_code == 200
    assert served.control.forms[1][1] == "require"
    assert served.control.forms[1][0].broker_password is None
    assert (await served.unix.post(f"{CONNECTION}?over=7", json=SASL)).status_code == 200
    assert served.control.over == [None, None, 7]
    assert codes(await served.unix.post(f"{CONNECTION}?over=-1", json=SASL)) == ["invalid_query"]
    assert (await served.unix.delete(CONNECTION)).status_code == 204
    assert (await served.unix.delete(CONNECTION)).status_code == 204
    assert (await served.unix.get(CONNECTION)).status_code == 404


async def test_all_that_is_wrong_with_a_connection_is_said_at_once_without_the_password(served: Served) -> None:
    served.control.error = RefusedError(
        (
            FieldError("a", "The password marker-p4ssword is bad.", "Not marker-p4ssword.", "broker_password"),
            FieldError("b", "x" * 5000, "", "topic"),
        )
    )
    answer = await served.unix.post(CONNECTION, json=SASL)
    assert (answer.status_code, codes(answer)) == (422, ["a", "b"])
    assert "marker" not in answer.text
    assert len(answer.content) < 3000


@pytest.mark.parametrize(
    ("body", "status", "wrong"),
    [
        (
            b'{"topic": 5, "broker_password": ["marker-p4ssword"], "broker_url": null}',
            422,
            {"topic", "broker_password"},
        ),
        (b'{"password": "marker-p4ssword"}', 422, {"password"}),
        (b"[]", 400, {None}),
        (b'{"broker_password": "marker-p4ssword', 400, {None}),
        (b" " * (1024 * 1024 + 1), 413, {None}),
    ],
    ids=["wrong types", "unknown field", "a list", "broken", "large"],
)
async def test_a_body_that_is_no_connection_is_refused(
    served: Served, body: bytes, status: int, wrong: set[str | None]
) -> None:
    answer = await served.unix.post(CONNECTION, content=body, headers=JSON)
    assert answer.status_code == status
    found = answer.json()
    assert {error["field"] for error in found.get("errors", [found.get("error")])} == wrong
    assert "marker" not in answer.text
    assert not served.control.forms


async def test_a_test_payload_answers_where_it_went(served: Served) -> None:
    answer = await served.unix.post("/v1/admin/test-payload", json={})
    told = {"id": "i", "topic": "insights", "partition": 0, "offset": 7, "latency_s": 0.01, "see": [], "needs": ""}
    assert answer.json() == told
    served.control.error = RefusedError((FieldError("timeout", "Kafka did not answer."),), status=504)
    assert (await served.unix.post("/v1/admin/test-payload", content=b"", headers=JSON)).status_code == 504
    assert (await served.unix.post("/v1/admin/test-payload")).status_code == 415


async def test_the_actor_is_the_user_at_the_other_end_of_the_socket(serve: Serve) -> None:
    served = await serve(token=Secret("t"))
    me = f"{pwd.getpwuid(os.getuid()).pw_name} (uid {os.getuid()})"
    await served.unix.post(CONNECTION, json=SASL)
    await served.unix.delete(CONNECTION)
    await served.tcp.delete(CONNECTION, headers={"Authorization": "Bearer t"})
    assert served.control.forms[0][2] == me
    assert served.control.actors == [me, "TCP 127.0.0.1"]


@pytest.mark.parametrize("path", ["/v1/snapshot", "/v1/events", "/v1/lost", "/v1/tail", CONNECTION, "//v1//snapshot"])
async def test_control_over_tcp_needs_the_token(serve: Serve, path: str) -> None:
    closed, open_ = await serve(), await serve(token=Secret("t0ken"))
    assert (
        await closed.tcp.get(f"{closed.server.url}{path}", headers={"Authorization": "Bearer x"})
    ).status_code == 403
    for given in ("", "Bearer", "Bearer wrong", "t0ke", "Basic t0ken"):
        answer = await open_.tcp.get(f"{open_.server.url}{path}", headers={"Authorization": given} if given else {})
        assert (answer.status_code, codes(answer)) == (401, ["unauthorized"]), given
        assert answer.headers["www-authenticate"] == "Bearer"
    for given in ("Bearer t0ken", "bearer  t0ken", "t0ken", "Simple t0ken"):
        answer = await open_.tcp.get(f"{open_.server.url}{path}", headers={"Authorization": given})
        assert answer.status_code in {200, 404}, given
    assert open_.ingest.refusals == {}  # no payload was refused


async def test_an_empty_token_opens_nothing(serve: Serve) -> None:
    served = await serve(token=Secret(""))
    assert (await served.tcp.get("/v1/snapshot")).status_code == 401


async def test_unknown_control_paths_and_methods_answer_in_the_same_shape(served: Served) -> None:
    assert codes(await served.unix.get("/v1/admin/organizations")) == ["not_found"]
    answer = await served.unix.put(CONNECTION, json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert codes(answer) == ["method_not_allowed"]
    assert codes(await served.tcp.put("/healthz")) == ["method_not_allowed"]


async def test_a_failing_call_is_a_500_in_the_same_shape(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.control.error = RuntimeError("inner secret")
    answer = await served.unix.post("/v1/admin/test-payload", json={})
    assert (answer.status_code, codes(answer)) == (500, ["internal"])
    assert "inner secret" not in answer.text
    assert "inner secret" in caplog.text


async def test_events_are_lines(served: Served) -> None:
    answer = await served.unix.get("/v1/events?after=1")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [msgspec.json.decode(line, type=Event) for line in answer.content.splitlines()] == [an_event(2)]


async def test_events_are_followed_until_the_client_leaves(served: Served) -> None:
    async with served.unix.stream("GET", "/v1/events?follow=1") as answer:
        lines = answer.aiter_lines()
        seen = [json.loads(await anext(lines))["seq"] for _ in range(2)]
        served.control.more.put_nowait(an_event(3))
        seen.append(json.loads(await anext(lines))["seq"])
        assert seen == [1, 2, 3]
        assert served.control.followers == 1
    async with asyncio.timeout(5):
        while served.control.followers:
            await asyncio.sleep(0.01)


async def test_a_stream_ends_cleanly_when_the_server_stops(served: Served) -> None:
    async with served.unix.stream("GET", "/v1/events?after=1&follow=1") as answer:
        lines = answer.aiter_lines()
        assert json.loads(await anext(lines))["seq"] == 2
        stopping = asyncio.ensure_future(served.stop(30.0))
        assert [line async for line in lines] == []  # its end was said: no error
        async with asyncio.timeout(5):
            await stopping
    assert served.control.followers == 0
