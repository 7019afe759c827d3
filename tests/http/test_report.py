"""Every shape that clients send, and anything else that bytes can be."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.report import (
    MAX_METRIC_BYTES,
    BadReportError,
    Names,
    Report,
    decode,
    encode_value,
    read_payload,
    read_report,
)
from tests.http.contract import check_value

NAMES = Names("asli", "credit_card_approval", "1.0.6")
REQUEST = "req-9f5345b4-a1cd-431c-a43a-bd2a06f4a6f4"
SESSION = "rses-f28bb94a-5556-4aeb-a6d2-89493626bf4f"
TIME = "2021-02-20T00:21:54.867231"


def value_of(report: Report) -> bytes:
    return encode_value(
        report.metrics, names=NAMES, request_id=REQUEST, session_id=SESSION, time=TIME, given=report.given
    )


def listed(**metrics: object) -> bytes:
    return json.dumps([{"insight_key": name, "insight_value": value} for name, value in metrics.items()]).encode()


@pytest.mark.parametrize(
    ("body", "metrics"),
    [
        pytest.param(
            b'[{"insight_key": "risk_score", "insight_value": 0.08}, {"insight_key": "approved", "insight_value": 1}]',
            {"risk_score": 0.08, "approved": 1},
            id="algorithmia 2.0.5",
        ),
        pytest.param(b'{"risk_score": 0.08, "approved": 1}', {"risk_score": 0.08, "approved": 1}, id="1.4.8"),
        pytest.param(b"[]", {}, id="nothing"),
        pytest.param(b"{}", {}, id="nothing as an object"),
        pytest.param(b" \r\n[ ]\n", {}, id="white space"),
        pytest.param(b"\xef\xbb\xbf{}", {}, id="byte order mark"),
        pytest.param(listed(a="4", b="-0.5", c="1.0E10", d="+7"), {"a": 4, "b": -0.5, "c": 1e10, "d": 7}, id="Java"),
        pytest.param(listed(a=[3], b=["4"], c=[True]), {"a": 3, "b": 4, "c": 1}, id="R"),
        pytest.param(listed(a=True, b=False), {"a": 1, "b": 0}, id="booleans"),
        pytest.param(listed(a=2**70, b=-(2**70)), {"a": 2**70, "b": -(2**70)}, id="huge integers"),
        pytest.param(listed(a="1180591620717411303424"), {"a": 2**70}, id="a huge integer as text"),
        pytest.param(
            b'[{"insight_key":"a","insight_value":1},{"insight_key":"a","insight_value":2}]', {"a": 2}, id="last wins"
        ),
        pytest.param(b'{"a":1,"a":2}', {"a": 2}, id="last wins in an object"),
        pytest.param(b'{"insight_key":"a","insight_value":5}', {"a": 5}, id="one insight without its list"),
        pytest.param(
            b'[{"insight_key":5,"insight_value":1},{"insight_key":1.5,"insight_value":2},'
            b'{"insight_key":true,"insight_value":3},{"insight_key":null,"insight_value":4}]',
            {"5": 1, "1.5": 2, "true": 3, "null": 4},
            id="keys that are no strings",
        ),
        pytest.param('{"größe \U0001f600":1}'.encode(), {"größe \U0001f600": 1}, id="not ASCII"),
        pytest.param(b'{"\\u0000\\n\\u007f\\u2028":1}', {"\x00\n\x7f\u2028": 1}, id="control characters"),
        pytest.param(b'{"\\ud83d\\ude00":1}', {"\U0001f600": 1}, id="a surrogate pair"),
        pytest.param(
            b'{"a":1e-320,"b":-0.0,"c":1.7976931348623157e308}',
            {"a": 1e-320, "b": -0.0, "c": 1.7976931348623157e308},
            id="edges",
        ),
    ],
)
def test_what_clients_send_becomes_numbers(body: bytes, metrics: dict[str, float]) -> None:
    report = read_report(decode(body))
    assert report.metrics == metrics
    assert report.dropped == ()
    assert check_value(value_of(report)) == metrics


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "null"),
        ("NA", "text"),
        ("", "text"),
        ("NaN", "text"),
        ("Infinity", "text"),
        ("1e999", "text"),
        ("1_000", "text"),
        ("٤", "text"),
        ("9" * 400, "text"),
        ([1, 2], "a list of 2"),
        ([], "a list of 0"),
        ([[1]], "a list of 1"),
        ([None], "a list of 1"),
        ({"a": 1}, "an object"),
    ],
)
def test_what_is_no_number_is_dropped_and_named_and_the_rest_is_taken(value: object, why: str) -> None:
    report = read_report(decode(listed(bad=value, good=1)))
    assert report.metrics == {"good": 1}
    assert [(drop.name, drop.why) for drop in report.dropped] == [("bad", f"its value is {why}, not a number")]


@pytest.mark.parametrize(
    "name",
    [
        "request_id",
        "session_id",
        "time",
        "timestamp",
        "duration_milliseconds",
        "algorithm_owner",
        "algorithm_name",
        "algorithm_version",
    ],
)
def test_reserved_names_never_reach_the_value(name: str) -> None:
    report = read_report(decode(listed(**{name: 1, "good": 2})))
    assert report.metrics == {"good": 2}
    assert [(drop.name, drop.why) for drop in report.dropped] == [(name, "its name is reserved")]
    assert check_value(value_of(report)) == {"good": 2}


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        (b"", "empty", "empty"),
        (b" \n", "empty", "empty"),
        (b'{"a": NaN}', "not_finite", "NaN at byte 6"),
        (b'[{"insight_key":"a","insight_value":Infinity}]', "not_finite", "Infinity at byte"),
        (b'{"NaN": "Infinity", "a": -Infinity}', "not_finite", "-Infinity at byte 25"),
        (b'[{"insight_key":"a","insight_value":"say "hi""}]', "not_json", "not valid JSON"),
        (b'{"a":1', "not_json", "not valid JSON"),
        (b'{"a":1,}', "not_json", "not valid JSON"),
        (b"{'a':1}", "not_json", "not valid JSON"),
        (b'{"a":1} {}', "not_json", "not valid JSON"),
        (b'{"\\ud800abcdefgh":1}', "not_json", "not valid JSON"),
        (b'{"\xff":1}', "not_utf8", "UTF-8"),
        (b"[" * 100_000, "too_deep", "nested"),
        (b'{"a":1e400}', "out_of_range", "range"),
        (b'{"a":' + b"9" * 400 + b"}", "out_of_range", "range"),
        (b'{"a":' + b"9" * 9000 + b"}", "out_of_range", "range"),
        (b"1", "wrong_shape", "not a number"),
        (b"null", "wrong_shape", "not null"),
        (b'"a"', "wrong_shape", "not text"),
        (b"[1]", "wrong_shape", "Item 1"),
        (b'[{"insight_key":"a","insight_value":1},{"insight_key":"a"}]', "wrong_shape", "Item 2"),
        (b'[{"insight_key":[],"insight_value":1}]', "wrong_shape", "item 1"),
        (b'[{"insight_key":{},"insight_value":1}]', "wrong_shape", "item 1"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_cannot_be_read_is_refused_with_its_cause(body: bytes, code: str, part: str) -> None:
    with pytest.raises(BadReportError, match=part) as refused:
        read_report(decode(body))
    assert refused.value.error.code == code
    assert refused.value.reason is Refusal.INVALID
    assert refused.value.error.hint


def test_an_unclosed_string_full_of_escaped_quotes_is_searched_in_linear_time() -> None:
    """A megabyte: with a search that starts anew at each quote this takes hours, and the time limit of the suite."""
    with pytest.raises(BadReportError):
        decode(b'{"a":"' + b'\\"' * 500_000)


def test_25_metrics_are_taken_and_26_are_refused() -> None:
    assert len(read_report({f"m{number}": 1 for number in range(25)}).metrics) == 25
    with pytest.raises(BadReportError, match="26 metrics") as refused:
        read_report({f"m{number}": 1 for number in range(26)})
    assert refused.value.reason is Refusal.INVALID


def test_dropped_metrics_do_not_count_against_the_25() -> None:
    report = read_report({f"m{number}": 1 for number in range(25)} | {f"x{number}": None for number in range(25)})
    assert len(report.metrics) == len(report.dropped) == 25


@pytest.mark.parametrize("letter", ["a", "é", "\U0001f600"])
def test_25_kb_of_names_and_values_are_taken_and_a_byte_more_is_refused(letter: str) -> None:
    fits = letter * ((MAX_METRIC_BYTES - 1) // len(letter.encode()))
    fits += "a" * (MAX_METRIC_BYTES - 1 - len(fits.encode()))
    assert check_value(value_of(read_report({fits: 1}))) == {fits: 1}
    with pytest.raises(BadReportError, match="bytes") as refused:
        read_report({fits: 10})
    assert refused.value.reason is Refusal.TOO_LARGE


def test_a_payload_keeps_the_operational_fields_that_it_brings() -> None:
    report = read_payload(
        {
            "score": 1,
            "request_id": "req-1",
            "session_id": "rses-1",
            "algorithm_owner": "o",
            "algorithm_name": "n",
            "algorithm_version": "9",
            "time": "2021-02-20T01:21:54.867231+01:00",
            "duration_milliseconds": 8,
            "timestamp": 5,
        }
    )
    assert [drop.name for drop in report.dropped] == ["timestamp"]
    value = value_of(report)
    assert check_value(value, generated=False) == {"score": 1}
    payload = json.loads(value)
    assert payload["time"] == TIME
    assert payload["duration_milliseconds"] == 8
    assert (payload["request_id"], payload["algorithm_version"]) == ("req-1", "9")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", 5),
        ("request_id", ""),
        ("session_id", None),
        ("algorithm_owner", "x" * 257),
        ("algorithm_name", ["x"]),
        ("time", "yesterday"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("duration_milliseconds", "8"),
        ("duration_milliseconds", -1),
        ("duration_milliseconds", True),
    ],
)
def test_an_operational_field_of_the_wrong_kind_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(BadReportError) as refused:
        read_payload({"score": 1, field: value})
    assert refused.value.error.field == field


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("9" * 310),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NAMES_OF_METRICS = st.text(max_size=40) | st.sampled_from(["time", "request_id", "duration_milliseconds", "", "a"])
REPORTS = st.one_of(
    JSON_VALUES,
    st.dictionaries(NAMES_OF_METRICS, JSON_VALUES, max_size=30),
    st.lists(
        st.fixed_dictionaries({"insight_key": NAMES_OF_METRICS | JSON_VALUES, "insight_value": JSON_VALUES}),
        max_size=30,
    ),
)
BODIES = st.one_of(st.binary(max_size=400), REPORTS.map(json.dumps).map(str.encode))


@given(BODIES)
def test_any_bytes_become_a_value_within_the_contract_or_a_refusal(body: bytes) -> None:
    for read in (read_report, read_payload):
        report, refused = _attempt(read, body)
        if report is None:
            assert refused is not None
            assert refused.error.message
            assert refused.reason in {Refusal.INVALID, Refusal.TOO_LARGE}
        else:
            metrics = check_value(value_of(report), generated=read is read_report)
            assert metrics.keys() == report.metrics.keys()


def _attempt(read: Callable[[object], Report], body: bytes) -> tuple[Report | None, BadReportError | None]:
    try:
        return read(decode(body)), None
    except BadReportError as refused:
        return None, refused


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**1000), 2**1000))
def test_a_number_arrives_as_it_was_sent(number: float) -> None:
    report = read_report(decode(json.dumps({"a": number}).encode()))
    arrived = check_value(value_of(report))["a"]
    assert type(arrived) is type(number)
    assert arrived == number
    assert math.copysign(1, float(number)) == math.copysign(1, report.metrics["a"])
