"""What was answered 2xx is what the topic holds: `benchmarks/set_equality.py` at a small scale."""

from benchmarks.set_equality import TopicReader, run
from tests.kafka_cluster import Cluster
from tests.real.consumers import hold
from tests.support import AgentProcess
from tests.support.connect import connect_sasl

PAYLOADS = 5_000


def test_the_topic_holds_exactly_what_was_accepted(agent: AgentProcess, kafka: Cluster, topic: str) -> None:
    connect_sasl(agent, kafka, topic)
    with TopicReader(kafka.plaintext, topic) as reader:
        outcome = run(agent, reader, PAYLOADS)
    assert (outcome.accepted, outcome.refused) == (PAYLOADS, 0)
    assert (outcome.missing, outcome.foreign, outcome.duplicates) == (0, 0, 0)
    assert outcome.equation_holds
    for record in kafka.read_all(topic, count=PAYLOADS):
        hold(record)
