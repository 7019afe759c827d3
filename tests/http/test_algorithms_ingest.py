"""Insights on and off, keys of records and repeated metrics, as ingest answers them."""

import json

import pytest

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.report import Names, decode, read_report
from tests.http.conftest import Serve, Served

JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
LOCAL = Names("local", "default", "0.0.0")


def off(served: Served, names: Names) -> None:
    served.server._intake.entry(names).on = False


async def test_a_disabled_algorithm_gets_200_and_nothing_is_published(served: Served) -> None:
    off(served, Names("acme", "score", "1"))
    answer = await served.tcp.post("/as/acme/score/1/v1/insights", json={"a": 1})
    assert (answer.status_code, answer.json()["response"], answer.json()["accepted"]) == (200, "ok", 0)
    assert (await served.tcp.post("/as/acme/score/2/v1/insights", json={"a": 1})).json()["accepted"] == 1
    fields = {"algorithm_owner": "acme", "algorithm_name": "score", "algorithm_version": "1"}
    assert (await served.tcp.post("/v1/payloads", json=fields)).json()["accepted"] == 0
    assert len(served.ingest.drafts) == 1
    assert served.ingest.refusals == {Refusal.DISABLED: 2}


async def test_a_bad_report_of_a_disabled_algorithm_is_still_said_to_be_bad(served: Served) -> None:
    off(served, LOCAL)
    assert (await served.tcp.post("/v1/insights", content=b'{"a": NaN}', headers=JSON)).status_code == 400


async def test_lines_of_disabled_algorithms_are_left_out_of_a_batch(served: Served) -> None:
    off(served, Names("local", "mute", "0.0.0"))
    lines = [{"n": 1}, {"n": 2, "algorithm_name": "mute"}, {"n": 3, "algorithm_name": "loud"}, {"n": 4}]
    body = "\n".join(map(json.dumps, lines))
    answer = (await served.tcp.post("/v1/payloads", content=body, headers=NDJSON)).json()
    assert (answer["accepted"], answer["disabled"], len(answer["ids"])) == (3, 1, 3)
    assert [json.loads(draft.value)["n"] for draft in served.ingest.drafts] == [1, 3, 4]
    entry = served.server._intake.entry(LOCAL)
    entry.fold(served.clock.now())
    assert (entry.payloads, served.server._intake.entry(Names("local", "mute", "0.0.0")).disabled) == (2, 1)


@pytest.mark.parametrize("setting", ["none", "request_id", "algorithm"])
async def test_the_key_of_a_record_is_what_the_setting_says(serve: Serve, setting: str) -> None:
    served = await serve(record_key=setting)
    await served.tcp.post("/as/acme/caf%C3%A9/1.0/v1/insights", json={"a": 1})
    await served.tcp.post("/v1/payloads", json={"request_id": "req-mine", "algorithm_owner": "me"})
    await served.tcp.post("/v1/payloads", content='{"a":1}\n{"request_id":"req-2"}', headers=NDJSON)
    values = [json.loads(draft.value) for draft in served.ingest.drafts]
    expected = {
        "none": [None] * 4,
        "request_id": [value["request_id"].encode() for value in values],
        "algorithm": ["acme/café/1.0".encode(), b"me/default/0.0.0", b"local/default/0.0.0", b"local/default/0.0.0"],
    }
    assert [draft.key for draft in served.ingest.drafts] == expected[setting]


async def test_a_metric_that_is_twice_in_a_list_is_said_to_be_replaced(served: Served) -> None:
    body = [
        {"insight_key": key, "insight_value": value} for key, value in (("a", 1), ("b", 2), ("a", 3), (1, 4), ("1", 5))
    ]
    answer = (await served.tcp.post("/v1/insights", json=body)).json()
    assert (answer["accepted"], answer["replaced"], answer["dropped"]) == (1, ["a", "1"], [])
    value = json.loads(served.ingest.drafts[0].value)
    assert (value["a"], value["b"], value["1"]) == (3, 2, 5)


@pytest.mark.parametrize(
    "name",
    [
        "\x00",
        "\x1b[31mred",
        "Request_ID",
        "a.b",
        "__proto__",
        "time ",
        "\u202e",
        "é" * 50,
        "😀",
        " ",
        "$",
        "a" * 300,
    ],
)
async def test_names_that_people_choose_reach_the_value_verbatim_in_ascii(served: Served, name: str) -> None:
    answer = await served.tcp.post("/v1/insights", content=json.dumps({name: 1}), headers=JSON)
    assert answer.json()["accepted"] == 1
    (draft,) = served.ingest.drafts
    assert draft.value.isascii()
    assert not any(byte < 0x20 for byte in draft.value), "nothing that a terminal obeys"
    assert json.loads(draft.value)[name] == 1


@pytest.mark.parametrize(
    ("value", "kind"),
    [(1, None), (1.5, None), (True, "boolean"), ("2", "text"), ([3], "list"), (["4"], "list"), ([[5]], "dropped")],
)
def test_what_a_metric_was_reported_as_is_kept(value: object, kind: str | None) -> None:
    report = read_report(decode(json.dumps({"a": value}).encode()))
    assert report.kinds.get("a", "dropped" if report.dropped else None) == kind
