"""What the engine tells of brokers and replicas: one cause is one problem, named by who is missing."""

from insights_tui.delivery.health import broker_troubles, single_replica
from insights_tui.domain.clock import Moment
from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.node import Node
from tests.engine.setup import running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster

_METADATA = 3


async def test_a_topic_with_one_replica_is_told_for_as_long_as_it_has_one() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights", 2)
        topic.replicas = [1]
        async with running(cluster.connection(), metadata_s=0.05) as run:
            await until(lambda: run.codes() == {Code.SINGLE_REPLICA})
            (active,) = run.engine.status().troubles
            assert active.trouble.what == "The topic insights has one replica."
            assert run.engine.status().link.phase == "up"
            assert not run.engine.status().errors
            topic.replicas = [1, 2]
            await until(lambda: not run.codes())


async def test_a_broker_that_was_dead_before_the_connection_was_made_is_told_by_its_missing_replicas() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 2)
        topic.out_of_sync = {3}  # listed in the replicas, and no broker of that number
        async with running(cluster.connection(), metadata_s=0.05) as run:
            await until(lambda: run.codes() == {Code.BROKER_UNREACHABLE})
            (active,) = run.engine.status().troubles
            assert active.trouble.subject == "broker 3"
            assert active.trouble.what == ("Broker 3 is not in the cluster: its copies of both partitions are missing.")
            assert run.engine.status().link.phase == "up"
            await until(lambda: cluster.brokers[0].requests[_METADATA] + cluster.brokers[1].requests[_METADATA] > 3)
            assert [one.since for one in run.engine.status().troubles] == [active.since], "it keeps its time"
            topic.out_of_sync = set()
            await until(lambda: not run.codes())


async def test_a_partition_without_a_leader_names_the_broker_that_is_missing() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 2)
        topic.leaders[:] = [1, -1]
        topic.replicas = [3]
        async with running(cluster.connection(), metadata_s=0.05) as run:
            told = run.engine.status
            await until(lambda: any(one.trouble.code is Code.NO_LEADER for one in told().troubles))
            (active,) = [one for one in told().troubles if one.trouble.code is Code.NO_LEADER]
            assert active.trouble.what == "Partition 1 of insights has no leader."
            assert active.trouble.act == "Bring back broker 3: no other holds it whole."


def test_one_cause_at_every_broker_is_one_problem() -> None:
    def node(number: int, code: Code, failures: int = 3) -> Node:
        made = Node(number, Server(f"kafka-{number}", 9093))
        trouble = Trouble(code, str(made.server), f"{code} {number}", "Mend it.")
        for _ in range(failures):
            made.down(trouble, Moment(1.0, float(number)), 0.0)
        return made

    def told(*nodes: Node, reachable: bool = False) -> list[tuple[Code, float]]:
        return [(one.trouble.code, one.since.boot) for one in broker_troubles(nodes, "all", reachable=reachable)]

    expired = [node(number, Code.TLS_FAILED) for number in (1, 2, 3)]
    assert told(*expired) == [(Code.TLS_FAILED, 3.0)], "nothing goes since the last of them"
    assert len(told(*expired, reachable=True)) == 3, "one of several is a failure each"
    assert len(told(expired[0], node(2, Code.NAME_NOT_RESOLVED))) == 2
    closed = node(1, Code.BROKER_UNREACHABLE, failures=1)
    assert told(closed, node(2, Code.AUTH_FAILED), node(3, Code.AUTH_FAILED)) == [(Code.AUTH_FAILED, 3.0)], (
        "it was closed and not tried again: the login is held back everywhere"
    )


def test_partitions_with_one_replica_are_named() -> None:
    assert single_replica("insights", {0: 3, 1: 2}) is None
    some = single_replica("insights", {0: 3, **dict.fromkeys(range(1, 12), 1)})
    assert some is not None
    assert some.what == "Partition 1, 2, 3, 4, 5, 6, 7, 8 and more of insights has one replica."
