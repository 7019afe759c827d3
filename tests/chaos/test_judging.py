"""The judge itself: a loss, a repetition, an altered or foreign record and a torn call are all seen."""

from collections.abc import Sequence

from benchmarks.harness import payloads
from benchmarks.harness.answers import Answers
from benchmarks.harness.reader import RECORDS, TopicReader, note
from benchmarks.harness.verdict import judge, missing_numbers


class Record:
    """A record as librdkafka hands it over."""

    def __init__(self, number: int, offset: int, *, identity: str = "", value: bytes | None = None) -> None:
        self._value = payloads.metrics(number) + b',"time":"now"}' if value is None else value
        self._offset = offset
        self._identity = identity or f"0190aaaa-bbbb-7ccc-8ddd-{number:012x}"

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._value

    def headers(self) -> Sequence[tuple[str, bytes]]:
        return [("content-type", b"application/json"), ("insights-id", self._identity.encode())]


def seen_of(*records: Record) -> TopicReader:
    reader = TopicReader("nowhere:1", "none", capacity=1_000)
    note(records, reader.map)
    reader.close()
    return reader


def answers_of(*calls: tuple[int, int | None]) -> Answers:
    """Each call: how many lines, and its status (`None` for no answer)."""
    answers = Answers()
    for lines, status in calls:
        numbers = answers.take(lines)
        if status is None:
            answers.silent(numbers)
        else:
            answers.answered(numbers, status)
    return answers


def test_equal_sets_are_sound() -> None:
    verdict = judge(answers_of((2, 200), (1, 429)), seen_of(Record(0, 0), Record(1, 1)))
    assert (verdict.accepted, verdict.refused, verdict.missing, verdict.duplicates) == (2, 1, 0, 0)
    assert verdict.sound
    assert verdict.delivered == 2


def test_a_loss_is_seen_and_named() -> None:
    answers, seen = answers_of((3, 200)), seen_of(Record(0, 0), Record(2, 1))
    assert judge(answers, seen).missing == 1
    assert missing_numbers(answers, seen) == [1]


def test_a_repetition_is_seen_and_whether_it_can_be_dropped() -> None:
    same = judge(answers_of((1, 200)), seen_of(Record(0, 0), Record(0, 1)))
    assert (same.duplicates, same.duplicates_other_id, same.sound) == (1, 0, True)
    other = judge(
        answers_of((1, 200)), seen_of(Record(0, 0), Record(0, 1, identity="0190aaaa-bbbb-7ccc-8ddd-0000000000ff"))
    )
    assert (other.duplicates, other.duplicates_other_id, other.sound) == (1, 1, False)


def test_an_altered_record_is_seen() -> None:
    value = bytearray(payloads.metrics(0) + b"}")
    value[-3] ^= 1
    verdict = judge(answers_of((1, 200)), seen_of(Record(0, 0, value=bytes(value))))
    assert (verdict.altered, verdict.sound) == (1, False)


def test_a_foreign_record_is_seen() -> None:
    verdict = judge(answers_of((1, 200)), seen_of(Record(0, 0), Record(0, 1, value=b'{"risk_score":1}')))
    assert (verdict.foreign, verdict.sound) == (1, False)


def test_what_was_refused_must_not_be_there() -> None:
    verdict = judge(answers_of((1, 429)), seen_of(Record(0, 0)))
    assert (verdict.refused_yet_there, verdict.sound) == (1, False)


def test_a_call_without_an_answer_may_be_there_whole_or_not_at_all() -> None:
    whole = judge(answers_of((2, None), (2, 503)), seen_of(Record(0, 0), Record(1, 1)))
    assert (whole.unanswered, whole.unanswered_there, whole.torn_calls, whole.sound) == (4, 2, 0, True)
    torn = judge(answers_of((2, None)), seen_of(Record(1, 0)))
    assert torn.torn_calls == 1


def test_records_that_kafka_deleted_unread_prove_nothing() -> None:
    seen = seen_of(Record(0, 5))
    assert seen[RECORDS] == 1
    verdict = judge(answers_of((1, 200)), seen)
    assert (verdict.deleted_unread, verdict.sound) == (5, False)
