"""The classification table, a test for each row (design/aiokafka.md §5.4)."""

import asyncio
import re
from dataclasses import replace

import pytest
from aiokafka.errors import CorrelationIdError, KafkaConnectionError, NodeNotReadyError, RequestTimedOutError

from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import About, Code, Trouble
from insights_tui.kafka.classify import KNOWN_CODES, of_code, of_request, of_topic
from insights_tui.kafka.verdict import Action, Peer

PEER = Peer(Server("kafka-1", 9093), "insights", username="alice", node_id=1)
RETRY, SPLIT, RENEW = Action.RETRY, Action.SPLIT, Action.RENEW

# code, action, in doubt, trouble, scope, refreshes the metadata
ROWS = [
    (2, RETRY, False, Code.BROKER_REFUSES, "partition", False),
    (3, RETRY, False, Code.TOPIC_MISSING, "topic", True),
    (5, RETRY, False, Code.NO_LEADER, "partition", True),
    (6, RETRY, True, Code.NO_LEADER, "partition", True),
    (7, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (8, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (9, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (10, SPLIT, False, Code.RECORDS_REJECTED, "partition", False),
    (13, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (17, RETRY, False, Code.TOPIC_MISSING, "topic", False),
    (18, SPLIT, False, Code.RECORDS_REJECTED, "partition", False),
    (19, RETRY, False, Code.BROKER_REFUSES, "partition", False),
    (20, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (21, RETRY, False, Code.BROKER_REFUSES, "topic", False),
    (29, RETRY, False, Code.NOT_AUTHORIZED, "topic", False),
    (31, RETRY, False, Code.NOT_AUTHORIZED, "topic", False),
    (32, RETRY, False, Code.CLOCK_JUMP, "partition", False),
    (35, RETRY, False, Code.BROKER_REFUSES, "topic", False),
    (43, SPLIT, False, Code.RECORDS_REJECTED, "partition", False),
    (44, RETRY, False, Code.BROKER_REFUSES, "topic", False),
    (45, RENEW, True, Code.BROKER_REFUSES, "partition", False),
    (47, RENEW, True, Code.BROKER_REFUSES, "partition", False),
    (49, RENEW, True, Code.BROKER_REFUSES, "partition", False),
    (56, RETRY, True, Code.NO_LEADER, "partition", True),
    (59, RENEW, True, Code.BROKER_REFUSES, "partition", False),
    (74, RETRY, False, Code.NO_LEADER, "partition", True),
    (75, RETRY, False, Code.NO_LEADER, "partition", True),
    (76, RETRY, False, Code.BROKER_REFUSES, "topic", False),
    (87, SPLIT, False, Code.RECORDS_REJECTED, "partition", False),
    (-1, RETRY, True, Code.BROKER_REFUSES, "partition", True),
    (12345, RETRY, True, Code.BROKER_REFUSES, "partition", True),
]


def assert_reads_well(trouble: Trouble) -> None:
    for sentence in (trouble.what, trouble.act):
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|None|\.\.|,\.| ,", sentence), sentence
    assert trouble.act[0].isupper()


@pytest.mark.parametrize(("code", "action", "in_doubt", "trouble", "scope", "refresh"), ROWS)
def test_an_error_code(code: int, action: Action, in_doubt: bool, trouble: Code, scope: str, refresh: bool) -> None:
    verdict = of_code(code, PEER)
    assert (verdict.action, verdict.in_doubt, verdict.scope, verdict.refresh) == (action, in_doubt, scope, refresh)
    assert verdict.trouble.code is trouble
    assert "kafka-1:9093" in verdict.trouble.what or "insights" in verdict.trouble.what
    assert str(code) in verdict.trouble.raw
    assert_reads_well(verdict.trouble)


def test_every_row_has_its_test() -> None:
    assert {code for code, *_ in ROWS} >= KNOWN_CODES - {0, 46}


@pytest.mark.parametrize("code", [0, 46])
def test_kafka_has_it(code: int) -> None:
    assert of_code(code, PEER).action is Action.DONE
    assert not of_code(code, PEER).in_doubt


def test_every_code_there_is_or_will_be_has_an_answer_that_keeps_the_payload() -> None:
    for code in set(range(-2, 200)) - KNOWN_CODES:
        verdict = of_code(code, PEER)
        assert (verdict.action, verdict.in_doubt) == (Action.RETRY, True)


def test_a_missing_permission_names_the_user_and_the_topic() -> None:
    trouble = of_code(29, PEER).trouble
    assert trouble.what == "The user alice may not write to the topic insights, says broker 1 at kafka-1:9093."
    assert trouble.act == "Grant the user alice the operations WRITE and DESCRIBE on the topic."


def test_a_topic_that_may_not_be_seen_is_told_apart_from_one_that_may_not_be_written() -> None:
    verdict = of_topic(29, PEER)
    assert verdict.trouble.what == (
        "The topic insights does not exist, or the user alice may not see it, says broker 1 at kafka-1:9093."
    )
    assert verdict.trouble.act.startswith("Check the spelling of the topic; if it is right, grant the user alice ")
    assert verdict.trouble.code is Code.NOT_AUTHORIZED
    missing = of_code(3, PEER)
    assert of_topic(3, PEER) == replace(missing, trouble=replace(missing.trouble, about=About.TOPIC))


def closed(cause: Exception) -> KafkaConnectionError:
    error = KafkaConnectionError("Connection at kafka-1:9093 closed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "in_doubt", "scope"),
    [
        (NodeNotReadyError("x"), False, "broker"),
        (RequestTimedOutError(), True, "broker"),
        (TimeoutError(), True, "broker"),
        (closed(ConnectionResetError()), True, "broker"),
        (closed(asyncio.IncompleteReadError(b"", 4)), True, "broker"),
        (KafkaConnectionError("Connection at kafka-1:9093 closed"), True, "broker"),
        (CorrelationIdError("x"), True, "client"),
        (ValueError("not to be understood"), True, "client"),
    ],
)
def test_a_request_without_an_answer(error: Exception, in_doubt: bool, scope: str) -> None:
    verdict = of_request(error, PEER)
    assert (verdict.in_doubt, verdict.scope) == (in_doubt, scope)
    assert verdict.action is (Action.RENEW if scope == "client" else Action.RETRY)
    assert "kafka-1:9093" in verdict.trouble.what
    assert_reads_well(verdict.trouble)


def test_foreign_text_is_bounded() -> None:
    assert len(of_request(ValueError("x" * 10_000), PEER).trouble.raw) <= 500
    assert len(of_code(29, Peer(Server("k", 1), "t" * 10_000)).trouble.what) < 700
