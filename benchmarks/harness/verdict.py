"""Set equality: what was answered 2xx against what the topic holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.harness.answers import ACCEPTED, REFUSED, Answers
from benchmarks.harness.reader import ALTERED, DUPLICATES, FOREIGN, GAPS, OTHER_ID, RECORDS, TopicReader


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of all numbers."""

    posted: int
    accepted: int
    """Answered 2xx."""
    refused: int
    unanswered: int
    """No answer came (a kill, or 503): may be in the topic or not."""
    records: int
    missing: int
    """Answered 2xx and not in the topic."""
    refused_yet_there: int
    """Answered that it was not accepted, and in the topic all the same."""
    unanswered_there: int
    torn_calls: int
    """Calls without an answer of which a part is in the topic: a call is all or nothing."""
    duplicates: int
    duplicates_other_id: int
    altered: int
    foreign: int
    deleted_unread: int
    """Records that Kafka deleted before they were read: then nothing is proven."""

    @property
    def delivered(self) -> int:
        """Different payloads in the topic that are ours."""
        return self.accepted - self.missing + self.unanswered_there + self.refused_yet_there

    @property
    def sound(self) -> bool:
        """Whether nothing is where it must not be, whatever is missing."""
        return not (
            self.refused_yet_there or self.duplicates_other_id or self.altered or self.foreign or self.deleted_unread
        )

    def as_dict(self) -> dict[str, int]:
        """Every figure."""
        return asdict(self)


def judge(answers: Answers, reader: TopicReader) -> Verdict:
    """Compare; call it when everything is delivered and read."""
    counts = reader.counts
    missing = refused_there = unanswered_there = 0
    for number, state in enumerate(answers.states):
        if state == ACCEPTED:
            missing += not counts[number]
        elif counts[number]:
            if state == REFUSED:
                refused_there += 1
            else:
                unanswered_there += 1
    refused = answers.refused.total()
    return Verdict(
        posted=answers.taken,
        accepted=answers.accepted,
        refused=refused,
        unanswered=answers.taken - answers.accepted - refused,
        records=reader[RECORDS],
        missing=missing,
        refused_yet_there=refused_there,
        unanswered_there=unanswered_there,
        torn_calls=sum(_torn(call, counts) for call in answers.unanswered),
        duplicates=reader[DUPLICATES],
        duplicates_other_id=reader[OTHER_ID],
        altered=reader[ALTERED],
        foreign=reader[FOREIGN],
        deleted_unread=reader[GAPS],
    )


def missing_numbers(answers: Answers, reader: TopicReader, limit: int = 20) -> list[int]:
    """Find the first numbers answered 2xx that the topic does not hold."""
    counts = reader.counts
    found: list[int] = []
    for number, state in enumerate(answers.states):
        if state == ACCEPTED and not counts[number]:
            found.append(number)
            if len(found) == limit:
                break
    return found


def _torn(call: range, counts: Sequence[int]) -> bool:
    there = sum(1 for number in call if counts[number])
    return 0 < there < len(call)
