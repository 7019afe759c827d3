"""Three nodes, and one of them dies or hangs while payloads come in."""

import threading
from collections.abc import Callable

from benchmarks.set_equality import Outcome, TopicReader, run
from tests.kafka_cluster import Cluster
from tests.support import AgentProcess
from tests.support.connect import connect_sasl, wait_connected, wait_delivered

PAYLOADS = 20_000
HIT_AT = 3_000


def load_and(agent: AgentProcess, cluster: Cluster, topic: str, act: Callable[[], object]) -> Outcome:
    """Post under load and act on the cluster once a part of it is accepted."""
    connect_sasl(agent, cluster, topic)
    outcomes: list[Outcome] = []
    with TopicReader(cluster.plaintext, topic) as reader:
        load = threading.Thread(target=lambda: outcomes.append(run(agent, reader, PAYLOADS, batch=20)))
        load.start()
        agent.wait_until(lambda seen: bool(seen["counts"]["accepted"] >= HIT_AT), "a part is accepted")
        try:
            act()
        finally:
            load.join()
    return outcomes[0]


def test_a_killed_leader_costs_no_payload(agent: AgentProcess, kafka3: Cluster, topic3: str) -> None:
    assert set(kafka3.admin.leaders(topic3).values()) == {1, 2, 3}, "every node leads a part"
    outcome = load_and(agent, kafka3, topic3, lambda: kafka3.kill(2))
    assert (outcome.accepted, outcome.missing, outcome.foreign) == (PAYLOADS, 0, 0)
    assert outcome.equation_holds


def test_a_hanging_leader_costs_no_payload_and_is_shown(agent: AgentProcess, kafka3: Cluster, topic3: str) -> None:
    frozen = kafka3.sasl_ssl.split(",")[1]

    def freeze() -> None:
        kafka3.freeze(2)
        agent.wait_until(
            lambda seen: any(problem["subject"] == frozen for problem in seen["problems"]), f"{frozen} is named"
        )

    outcome = load_and(agent, kafka3, topic3, freeze)
    assert (outcome.accepted, outcome.missing, outcome.foreign) == (PAYLOADS, 0, 0)
    assert outcome.equation_holds
    kafka3.thaw(2)
    wait_connected(agent)
    wait_delivered(agent, PAYLOADS)
