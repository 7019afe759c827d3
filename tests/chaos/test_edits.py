"""The connection edited under load: nothing lost over both topics, and a bad edit leaves the old one delivering."""

import uuid

from benchmarks import edits
from tests.kafka_cluster import Cluster


def test_edits_under_load_lose_nothing_and_bad_ones_change_nothing(kafka: Cluster, topic: str) -> None:
    other = f"edits-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(other)
    kafka.grant("insights", other)
    outcome = edits.run(kafka, (topic, other), times=20, rate=200)
    report = edits.tell(outcome)
    assert outcome.wrong == [], report
    assert outcome.lost == 0, report
    assert outcome.passed, report
    assert set(outcome.edits) == {*edits.GOOD, *edits.BAD}
