"""Lost payloads over HTTP: what is asked reaches the agent exactly, and nothing is taken for "all" by mistake."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from insights_tui.domain.answers import LostPayload
from insights_tui.domain.connection import Secret
from insights_tui.domain.lost import EXPIRED, LostFilter
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.refused import FieldError, RefusedError
from tests.http.conftest import Serve, Served
from tests.http.fakes import a_lost_payload
from tests.http.test_control_api import codes

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SENDABLE = EXPIRED | {Outcome.REJECTED}


async def test_the_list_is_lines_with_nothing_of_the_values(served: Served) -> None:
    answer = await served.unix.get("/v1/lost")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [msgspec.json.decode(line, type=LostPayload) for line in answer.content.splitlines()]
    assert lines == [a_lost_payload(1), a_lost_payload(2)]
    assert served.control.asked == [("list", LostFilter(), 0, 100, False, True)]


async def test_every_filter_reaches_the_agent(served: Served) -> None:
    query = (
        "reason=rejected,expired-unknown&since=2026-11-22T12:00:00Z&until=2026-11-22T14:00:00%2B01:00"
        "&id=a,b&id=c&late_acks=0&after=7&limit=5&state=any&values=true"
    )
    assert (await served.unix.get(f"/v1/lost?{query}")).status_code == 200
    which = LostFilter(
        reasons=frozenset({Outcome.REJECTED, Outcome.EXPIRED_UNKNOWN}),
        since=NOON,
        until=NOON + timedelta(hours=1),
        ids=frozenset("abc"),
        late_acks=False,
    )
    assert served.control.asked == [("list", which, 7, 5, True, False)]


async def test_pages_are_bounded_and_smaller_with_values(served: Served) -> None:
    await served.unix.get("/v1/lost?limit=99999999")
    await served.unix.get("/v1/lost?limit=99999999&values=1")
    await served.unix.get("/v1/lost?limit=0")
    assert [asked[3] for asked in served.control.asked] == [1000, 200, 1]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("reason=delivered", 400, "reason"),
        ("reason=", 400, "reason"),
        ("since=yesterday", 400, "since"),
        ("until=2026-11-22T12:00:00", 400, "until"),
        ("until=999999999d", 400, "until"),
        ("id=", 400, "id"),
        ("id=a%00b", 400, "id"),
        ("after=-1", 400, "after"),
        ("state=dropped", 400, "state"),
        ("values=maybe", 400, "values"),
        ("resaon=rejected", 422, "resaon"),
    ],
)
async def test_a_filter_that_is_not_understood_is_refused(served: Served, query: str, status: int, field: str) -> None:
    answer = await served.unix.get(f"/v1/lost?{query}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert served.control.asked == []


async def test_one_is_told_with_its_value(served: Served) -> None:
    assert (await served.unix.get("/v1/lost/id-1")).json()["value"] == '{"score": 1}'
    missing = await served.unix.get("/v1/lost/id-2")
    assert (missing.status_code, codes(missing)) == (404, ["not_lost"])
    assert codes(await served.unix.delete("/v1/lost/id-1")) == ["method_not_allowed"]


@pytest.mark.parametrize(
    ("body", "which"),
    [
        ({}, LostFilter(EXPIRED, late_acks=False)),
        ({"all": False, "reason": None}, LostFilter(EXPIRED, late_acks=False)),
        ({"all": True}, LostFilter(SENDABLE)),
        ({"id": "a"}, LostFilter(SENDABLE, ids=frozenset("a"))),
        ({"id": ["a", "b"]}, LostFilter(SENDABLE, ids=frozenset("ab"))),
        ({"reason": ["rejected", "damaged"]}, LostFilter(frozenset({Outcome.REJECTED}), late_acks=False)),
        ({"since": "2026-11-22T12:00:00Z"}, LostFilter(EXPIRED, since=NOON, late_acks=False)),
        ({"since": "2026-11-22T12:00:00Z", "all": True}, LostFilter(SENDABLE, since=NOON)),
    ],
)
async def test_a_redrive_takes_what_expired_unless_more_is_asked_for(
    served: Served, body: dict[str, object], which: LostFilter
) -> None:
    answer = await served.unix.post("/v1/lost/redrive", json=body)
    assert answer.json() == {"redriven": 2, "lost_open": 1}
    assert [asked[:2] for asked in served.control.asked] == [("redrive", which)]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"reason": "damaged"}, 400, "reason"),
        ({"reason": 5}, 422, "reason"),
        ({"reason": []}, 422, "reason"),
        ({"id": [1]}, 422, "id"),
        ({"id": []}, 422, "id"),
        ({"all": "true"}, 422, "all"),
        ({"resaon": "rejected"}, 422, "resaon"),
        ({"late_acks": True}, 422, "late_acks"),
        ([], 400, None),
    ],
)
async def test_a_redrive_that_is_not_understood_moves_nothing(
    served: Served, body: object, status: int, field: str | None
) -> None:
    answer = await served.unix.post("/v1/lost/redrive", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert served.control.asked == []


async def test_a_redrive_that_had_to_stop_is_no_success(served: Served) -> None:
    served.control.error = RefusedError((FieldError("queue_full", "1,000 payloads redriven, then …"),), status=429)
    answer = await served.unix.post("/v1/lost/redrive", json={})
    assert (answer.status_code, codes(answer)) == (429, ["queue_full"])


async def test_dropping_needs_a_filter_or_all(served: Served) -> None:
    for query in ("", "?all=0"):
        refused = await served.unix.delete(f"/v1/lost{query}")
        assert (refused.status_code, codes(refused)) == (400, ["which"])
    assert (await served.unix.delete("/v1/lost?all=true&resaon=rejected")).status_code == 422
    assert served.control.asked == []
    assert (await served.unix.delete("/v1/lost?reason=rejected")).json() == {"dropped": 2, "lost_open": 0}
    assert (await served.unix.delete("/v1/lost?all=true")).status_code == 200
    assert [asked[:2] for asked in served.control.asked] == [
        ("drop", LostFilter(frozenset({Outcome.REJECTED}))),
        ("drop", LostFilter()),
    ]


async def test_over_tcp_all_of_it_needs_the_token_and_names_its_caller(serve: Serve) -> None:
    served = await serve(token=Secret("t"))
    for answer in (
        await served.tcp.get("/v1/lost"),
        await served.tcp.get("/v1/lost/id-1"),
        await served.tcp.post("/v1/lost/redrive", json={"all": True}),
        await served.tcp.delete("/v1/lost?all=true"),
    ):
        assert (answer.status_code, codes(answer)) == (401, ["unauthorized"])
    assert served.control.asked == []
    own = {"Authorization": "Bearer t"}
    await served.tcp.post("/v1/lost/redrive", json={"all": True}, headers=own)
    await served.tcp.delete("/v1/lost?all=true", headers=own)
    assert [asked[2] for asked in served.control.asked] == ["TCP 127.0.0.1"] * 2
    assert (await served.tcp.post("/v1/lost/redrive", content=b"{}", headers=own)).status_code == 415


async def test_the_newest_first_and_a_part_of_an_id(served: Served) -> None:
    answer = await served.unix.get("/v1/lost?order=newest&after=10&text=%20019a%20")
    assert [msgspec.json.decode(line, type=LostPayload).seq for line in answer.content.splitlines()] == [9, 8]
    assert served.control.asked == [("newest", LostFilter(text="019a"), 10, 100, False, True)]
    for query in ("text=", "text=%1b", "order=worst"):
        assert (await served.unix.get(f"/v1/lost?{query}")).status_code == 400
    assert (await served.unix.delete("/v1/lost?text=019a")).status_code == 200
    assert served.control.asked[-1][1] == LostFilter(text="019a")
