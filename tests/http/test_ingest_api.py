"""Ingest over HTTP: what real clients send, and what every refusal answers and counts."""

import json

import httpx
import pytest

from insights_tui.agent.http.limits import Limits
from insights_tui.domain.connection import Secret
from insights_tui.domain.outcome import Refusal
from insights_tui.spool.base import CommitTimeoutError, QueueFullError, SpoolFullError
from tests.http.conftest import Serve, Served
from tests.http.contract import UUID7, check_value

BODY = b'[{"insight_key": "risk_score", "insight_value": 0.08}, {"insight_key": "approved", "insight_value": 1}]'
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


def error_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "hint", "field"}
    return error  # type: ignore[no-any-return]  # JSON


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v1/insights", ("local", "default", "0.0.0")),
        ("//v1/insights", ("local", "default", "0.0.0")),
        ("/v1//insights/", ("local", "default", "0.0.0")),
        ("/v1/insights?x=1", ("local", "default", "0.0.0")),
        ("/as/asli/credit%20card/1.0.6/v1/insights", ("asli", "credit card", "1.0.6")),
        ("/as/a%2Fb/gr%C3%B6%C3%9Fe/1//v1/insights", ("a/b", "größe", "1")),
        ("/t/anything/as/o/n/v/v1/insights", ("o", "n", "v")),
        ("/as/o/n/v/v1/payloads", None),
    ],
)
async def test_a_report_is_accepted_under_its_names(
    served: Served, path: str, names: tuple[str, str, str] | None
) -> None:
    body = b'{"risk_score": 0.08}' if path.endswith("payloads") else BODY
    answer = await served.tcp.post(f"{served.server.url}{path}", content=body, headers=JSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    (draft,) = served.ingest.drafts
    assert answer.json() == {"response": "ok", "accepted": 1, "id": draft.id, "dropped": []}
    assert UUID7.fullmatch(draft.id)
    assert draft.key is None
    assert check_value(draft.value)["risk_score"] == 0.08
    payload = json.loads(draft.value)
    assert payload["time"] == "2026-11-22T12:04:31.120000"
    if names is not None:
        assert (payload["algorithm_owner"], payload["algorithm_name"], payload["algorithm_version"]) == names


async def test_the_bytes_that_algorithmia_2_0_5_sends_are_accepted(served: Served) -> None:
    headers = {"Accept-Encoding": "gzip, deflate", "Accept": "*/*", "Connection": "keep-alive", **JSON}
    for _ in range(3):
        answer = await served.tcp.post("/v1/insights", content=BODY, headers=headers)
        assert (answer.status_code, answer.json()["response"]) == (200, "ok")
    assert len({draft.id for draft in served.ingest.drafts}) == 3
    assert len({json.loads(draft.value)["request_id"] for draft in served.ingest.drafts}) == 3


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json; charset=UTF-8", b'{"a":"4"}', 200),
        ("application/json;charset=utf8", b'{"a":4}', 200),
        ('Application/JSON; charset="us-ascii"', b'{"a":4}', 200),
        ("application/json; charset=ISO-8859-1", b'{"\xe9":4}', 200),
        ("application/json; charset=utf-16", b'{"a":4}', 415),
        ("application/json; charset=nonsense", b'{"a":4}', 415),
        ("application/json; charset=" + "x" * 5000, b'{"a":4}', 415),
        ("text/plain", b'{"a":4}', 415),
        ("application/x-www-form-urlencoded", b'{"a":4}', 415),
        ("application/x-ndjson", b'{"a":4}', 415),
        ("", b'{"a":4}', 415),
    ],
)
async def test_json_is_asked_for_in_a_known_character_set(
    served: Served, content_type: str, body: bytes, status: int
) -> None:
    answer = await served.tcp.post("/v1/insights", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    if status == 200:
        assert list(check_value(served.ingest.drafts[0].value).values()) == [4]
    else:
        assert error_of(answer)["code"] == "not_json_type"
        assert served.ingest.refusals == {Refusal.INVALID: 1}
        assert not served.ingest.drafts


async def test_a_dropped_metric_is_named_in_the_reply_and_noted_once(served: Served) -> None:
    body = b'{"a": 1, "time": 2, "\\u001b[31m": null}'
    for _ in range(2):
        answer = await served.tcp.post("/v1/insights", content=body, headers=JSON)
        assert answer.json()["dropped"] == ["time", "\x1b[31m"]
        assert (answer.json()["accepted"], answer.json()["dropped_count"]) == (1, 2)
    notes = served.ingest.notes
    assert [note.subject for note in notes] == ['local/default "time"', 'local/default "\\u001b[31m"']
    assert all(note.text.isprintable() for note in notes)
    assert served.ingest.refusals == {}


async def test_a_flood_of_dropped_metrics_stays_small_in_the_reply(served: Served) -> None:
    body = json.dumps({f"{number}" + "x" * 200: None for number in range(3000)})
    answer = await served.tcp.post("/v1/insights", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["dropped_count"]) == (200, 3000)
    assert len(answer.content) < 12_000
    assert len(served.ingest.notes) <= 100


@pytest.mark.parametrize(
    ("error", "status", "code", "refusals"),
    [
        (QueueFullError(), 429, "queue_full", {Refusal.QUEUE_FULL: 1}),
        (SpoolFullError(), 507, "disk_full", {Refusal.DISK_FULL: 1}),
        (CommitTimeoutError(), 503, "commit_timeout", {}),
    ],
)
async def test_what_the_engine_refuses_is_said_with_a_time_to_come_back(
    served: Served, error: Exception, status: int, code: str, refusals: dict[Refusal, int]
) -> None:
    served.ingest.error = error
    answer = await served.tcp.post("/v1/insights", content=BODY, headers=JSON)
    assert answer.status_code == status
    assert int(answer.headers["retry-after"]) > 0
    assert error_of(answer)["code"] == code
    assert served.ingest.refusals == refusals  # a slow commit may land: it is not counted as refused
    served.ingest.error = None
    assert (await served.tcp.post("/v1/insights", content=BODY, headers=JSON)).status_code == 200


async def test_a_failure_inside_is_a_500_without_its_text(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.ingest.error = RuntimeError("inner secret")
    answer = await served.tcp.post("/v1/insights", content=BODY, headers=JSON)
    assert (answer.status_code, error_of(answer)["code"]) == (500, "internal")
    assert "inner secret" not in answer.text
    assert "inner secret" in caplog.text


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        (b'{"a": NaN}', 400, "not_finite", Refusal.INVALID),
        (b'[{"insight_key":"a","insight_value":"say "hi""}]', 400, "not_json", Refusal.INVALID),
        (json.dumps(dict.fromkeys(map(str, range(26)), 1)).encode(), 400, "too_many_metrics", Refusal.INVALID),
        (json.dumps({"x" * 30_000: 1}).encode(), 413, "metrics_too_large", Refusal.TOO_LARGE),
        (json.dumps({"x" * 1_000_000: 1}).encode(), 413, "metrics_too_large", Refusal.TOO_LARGE),
        (b" " * (1024 * 1024 + 1), 413, "too_large", Refusal.TOO_LARGE),
    ],
    ids=["NaN", "unescaped quotes", "26 metrics", "a long name", "a megabyte's name", "a body over the limit"],
)
async def test_a_bad_report_is_refused_and_counted_under_its_reason(
    served: Served, body: bytes, status: int, code: str, reason: Refusal
) -> None:
    answer = await served.tcp.post("/v1/insights", content=body, headers=JSON)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert len(answer.content) < 2000
    assert served.ingest.refusals == {reason: 1}
    assert not served.ingest.drafts


async def test_ndjson_is_taken_as_a_whole_in_order(served: Served) -> None:
    body = b'{"a":1}\r\n\n  \n{"a":2,"request_id":"req-x"}\n{"a":3,"b":null}'
    answer = await served.tcp.post("/v1/payloads", content=body, headers=NDJSON)
    drafts = served.ingest.drafts
    assert answer.json() == {
        "response": "ok",
        "accepted": 3,
        "ids": [draft.id for draft in drafts],
        "dropped": ["b"],
        "dropped_count": 1,
    }
    assert [check_value(draft.value, generated=False) for draft in drafts] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert sorted(draft.id for draft in drafts) == [draft.id for draft in drafts]


async def test_one_bad_line_refuses_all_and_the_error_names_each(served: Served) -> None:
    body = b'{"a":1}\n{"a":NaN}\n{"a":3}\n[1]\n'
    answer = await served.tcp.post("/v1/payloads", content=body, headers=NDJSON)
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("line 2", "not_finite"),
        ("line 4", "wrong_shape"),
    ]
    assert not served.ingest.drafts
    assert served.ingest.refusals == {Refusal.INVALID: 4}


async def test_many_bad_lines_make_a_short_answer(served: Served) -> None:
    answer = await served.tcp.post("/v1/payloads", content=b"x\n" * 9000, headers=NDJSON)
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 21
    assert "8980 more" in answer.json()["errors"][-1]["message"]
    assert served.ingest.refusals == {Refusal.INVALID: 9000}


async def test_more_lines_than_allowed_are_too_large(served: Served) -> None:
    answer = await served.tcp.post("/v1/payloads", content=b"{}\n" * 10_001, headers=NDJSON)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_many_lines")
    assert served.ingest.refusals == {Refusal.TOO_LARGE: 10_001}


async def test_a_full_queue_refuses_a_batch_as_a_whole(served: Served) -> None:
    served.ingest.error = QueueFullError()
    answer = await served.tcp.post("/v1/payloads", content=b"{}\n" * 7, headers=NDJSON)
    assert answer.status_code == 429
    assert served.ingest.refusals == {Refusal.QUEUE_FULL: 7}


async def test_an_empty_batch_is_accepted_as_nothing(served: Served) -> None:
    answer = await served.tcp.post("/v1/payloads", content=b"\n", headers=NDJSON)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 0)
    assert not served.ingest.entered.is_set()


async def test_a_batch_may_be_larger_than_a_report(serve: Serve) -> None:
    served = await serve(limits=Limits(max_body_bytes=100, max_batch_bytes=1000))
    line = b'{"a":' + b"1" * 80 + b"}\n"
    assert (await served.tcp.post("/v1/payloads", content=line * 5, headers=NDJSON)).status_code == 200
    assert (await served.tcp.post("/v1/payloads", content=line * 2, headers=JSON)).status_code == 413
    assert (await served.tcp.post("/v1/payloads", content=line * 50, headers=NDJSON)).status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_told_which_one(served: Served, method: str) -> None:
    answer = await served.tcp.request(method, "/v1/insights", headers={"Origin": "http://evil.example"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert error_of(answer)["code"] == "method_not_allowed"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    counted = {} if method in {"GET", "OPTIONS"} else {Refusal.INVALID: 1}
    assert served.ingest.refusals == counted


@pytest.mark.parametrize(
    "path",
    ["/v1/algo/demo/Hello", "/", "/nothing", "/v1/data/x", "/some/prefix/v1/insights", "/v1/%FF", "/" + "a/" * 99],
)
async def test_a_call_to_the_platform_is_told_whom_it_reached(served: Served, path: str) -> None:
    answer = await served.tcp.post(path, content=b"{}", headers=JSON)
    assert answer.status_code == 404
    assert "not the platform API" in error_of(answer)["message"]
    assert served.ingest.refusals == {}


@pytest.mark.parametrize("path", ["/run/req-1/v1/insights", "/v1/runs", "/v1/runs/req-1/finish"])
async def test_a_server_without_executions_says_so(served: Served, path: str) -> None:
    answer = await served.tcp.post(path, content=b"{}", headers=JSON)
    assert (answer.status_code, "no executions" in error_of(answer)["message"]) == (404, True)


@pytest.mark.parametrize(
    "path", ["/as/%00/n/v/v1/insights", "/as/o/%FF/v/v1/insights", f"/as/o/n/{'v' * 200}/v1/insights"]
)
async def test_names_in_a_path_are_checked(served: Served, path: str) -> None:
    answer = await served.tcp.post(path, content=b"{}", headers=JSON)
    assert (answer.status_code, "in the path" in error_of(answer)["message"]) == (404, True)
    assert served.ingest.refusals == {Refusal.INVALID: 1}


async def test_an_ingest_token_is_asked_for_on_tcp_alone(serve: Serve) -> None:
    served = await serve(ingest_token=Secret("s3cret/token"))
    for path, status in (
        ("/v1/insights", 401),
        ("/t/wrong/v1/insights", 401),
        ("/t/s3cret%2Ftoken/v1/insights", 200),
        ("/t/s3cret%2Ftoken/as/o/n/v/v1/insights", 200),
        ("/t/s3cret%2Ftoken/v1/payloads", 200),
    ):
        answer = await served.tcp.post(path, content=b"{}", headers=JSON)
        assert answer.status_code == status, path
        assert "s3cret" not in answer.text
    assert served.ingest.refusals == {Refusal.UNAUTHORIZED: 2}
    assert (await served.unix.post("/v1/insights", content=b"{}", headers=JSON)).status_code == 200


async def test_refusals_are_noted_now_and_then(served: Served) -> None:
    for _ in range(5):
        await served.tcp.post("/v1/insights", content=b"x", headers=JSON)
    assert [note.code for note in served.ingest.notes] == ["refused_invalid"]
    served.clock.since_boot += 10.0
    await served.tcp.post("/v1/insights", content=b"x", headers=JSON)
    assert len(served.ingest.notes) == 2
    assert served.ingest.refusals == {Refusal.INVALID: 6}


async def test_the_last_room_is_kept_from_the_algorithm_that_filled_the_queue(served: Served) -> None:
    await served.tcp.post("/as/acme/quiet/1.0.0/v1/insights", content=b'{"score": 1}', headers=JSON)
    for _ in range(10):
        await served.tcp.post("/as/acme/flood/1.0.0/v1/insights", content=b'{"score": 1}', headers=JSON)
    served.ingest.level = 0.95
    refused = await served.tcp.post("/as/acme/flood/1.0.0/v1/insights", content=b'{"score": 1}', headers=JSON)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"
    assert served.ingest.refusals == {Refusal.QUEUE_FULL: 1}
    assert (
        await served.tcp.post("/as/acme/quiet/1.0.0/v1/insights", content=b'{"score": 1}', headers=JSON)
    ).status_code == 200
