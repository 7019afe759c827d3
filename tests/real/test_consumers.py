"""The consumers' rules themselves: each takes the published example and chokes on what it would really choke on."""

import pytest

from tests.real.consumers import datadog, kafka_connect, new_relic, telegraf

EXAMPLE = b"""\
{"risk_score": 0.2, "duration_milliseconds": 8, "algorithm_version": "1.0.6",
 "session_id": "rses-f28bb94a-5556-4aeb-a6d2-89493626bf4f",
 "time": "2021-02-20T00:21:54.867231", "algorithm_name": "credit_card_approval",
 "request_id": "req-9f5345b4-a1cd-431c-a43a-bd2a06f4a6f4", "algorithm_owner": "asli"}"""


def test_every_consumer_takes_the_published_example() -> None:
    assert datadog(EXAMPLE)[1] == {"risk_score": 0.2, "duration_milliseconds": 8}
    tags, fields = telegraf(EXAMPLE)
    assert tags == {
        "algorithm_version": "1.0.6", "algorithm_name": "credit_card_approval", "algorithm_owner": "asli",
    }  # fmt: skip
    assert fields == {
        "risk_score": 0.2,
        "duration_milliseconds": 8.0,
        "session_id": "rses-f28bb94a-5556-4aeb-a6d2-89493626bf4f",
        "request_id": "req-9f5345b4-a1cd-431c-a43a-bd2a06f4a6f4",
    }
    assert new_relic(EXAMPLE).isoformat() == "2021-02-20T00:21:54.867231+00:00"
    assert kafka_connect(None, EXAMPLE)[1]["risk_score"] == 0.2


@pytest.mark.parametrize(
    "broken",
    [
        EXAMPLE.replace(b"asli", "ásli".encode()),
        EXAMPLE.replace(b"0.2", b'"0.2"'),
        EXAMPLE.replace(b"0.2", b"null"),
        EXAMPLE.replace(b"0.2", b"true"),
        EXAMPLE.replace(b"0.2", b"[0.2]"),
        EXAMPLE.replace(b'"asli"', b"null"),
        EXAMPLE.replace(b'"session_id"', b'"session"'),
    ],
)
def test_datadog_chokes(broken: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        datadog(broken)


@pytest.mark.parametrize("broken", [EXAMPLE.replace(b"0.2", b"NaN"), b"[1]", b'{"a": 1, "a": 2}', b'{"a": 1e999}'])
def test_telegraf_chokes(broken: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        telegraf(broken)


def test_telegraf_drops_what_it_does_not_know_and_flattens() -> None:
    _tags, fields = telegraf(b'{"a": {"b": [1, true, "text"]}, "c": 2}')
    assert fields == {"a_b_0": 1.0, "c": 2.0}


@pytest.mark.parametrize("time", [b'"yesterday"', b"1613780514", b'"2021-02-20T00:21:54Z"'])
def test_new_relic_gets_the_time_in_its_one_form(time: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        new_relic(EXAMPLE.replace(b'"2021-02-20T00:21:54.867231"', time))
