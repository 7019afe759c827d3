"""What the metadata tells of replicas: a broker that the cluster lists no longer is still missed."""

from dataclasses import replace

import pytest

from insights_tui.domain.check import Step, StepState
from insights_tui.domain.check_board import CheckBoard
from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Code
from insights_tui.kafka.check import CheckLimits, topic
from insights_tui.kafka.check.replicas import replicas
from insights_tui.kafka.check.scene import Scene
from insights_tui.kafka.check.verdict import verdict_of
from insights_tui.kafka.verdict import Peer
from insights_tui.kafka.view import PartitionView, View
from insights_tui.tui.checking.drawing import check_lines
from insights_tui.tui.glyphs import UNICODE
from insights_tui.tui.lines import plain
from tests.check.running import run_check
from tests.check.test_comparing import fails, scene, works
from tests.fakes.broker import FakeCluster

ALL = (1, 2, 3)
FULL = PartitionView(1, 3, ALL, ALL)
WITHOUT_2 = PartitionView(1, 3, ALL, (1, 3))


def view(partitions: dict[int, PartitionView], *listed: int) -> View:
    brokers = {number: Server(f"kafka-{number}", 9093) for number in listed or ALL}
    return View(Server("kafka-1", 9093), brokers, 0, partitions, "cluster-a")


def told(partitions: dict[int, PartitionView], *listed: int, least: str = "2") -> Scene:
    seen = view(partitions, *listed)
    configs = {"min.insync.replicas": least} if least else {}
    return scene(
        works("kafka-1", view=seen, node_id=1, configs=configs),
        works("kafka-3", view=seen, node_id=3),
    )


def test_all_in_sync_is_nothing_to_tell() -> None:
    assert not replicas(told({0: FULL, 1: FULL}))
    assert not replicas(told({0: PartitionView(1, 3)})), "an answer that does not say"
    assert not replicas(scene(works("kafka-1", view=None)))


def test_a_broker_that_the_cluster_lists_no_longer() -> None:
    seen = told({0: FULL, 1: WITHOUT_2, 4: WITHOUT_2}, 1, 3)
    seen.seen[0].view = view({0: replace(FULL, held_by=(1, 3), in_sync=(1, 3)), 1: WITHOUT_2, 4: WITHOUT_2}, 1, 3)
    verdict = verdict_of(seen, CheckLimits())
    assert (verdict.verdict, verdict.degraded, verdict.failed, verdict.code) == ("ok", True, 0, None)
    assert verdict.sentence == (
        "Broker 2 is not reported by the cluster; partitions 1 and 4 of insights have a replica there that is out of "
        "sync. Both servers work, 2 members of the cluster among them, and the topic insights may be written to."
    )
    assert verdict.fix == (
        "Look whether broker 2 runs, and at its log: with one more broker down, these partitions take no payloads."
    )
    assert [one.code for one in verdict.findings] == ["broker_missing"]


def test_it_is_seen_as_a_warning_said_once() -> None:
    board = CheckBoard()
    board.take(verdict_of(told({1: WITHOUT_2}, 1, 3), CheckLimits()))
    lines = check_lines(board, 80, UNICODE, running=False)
    assert lines[0][0][0].startswith("! Broker 2 is not reported by the cluster")
    assert {token for _, token in lines[0]} == {"warn"}
    assert "\n".join(map(plain, lines)).count("is not reported") == 1


def test_the_answer_that_tells_of_most_trouble_is_believed() -> None:
    seen = told({0: WITHOUT_2}, 1, 3)
    stale = works("kafka-2", view=view({0: FULL}), node_id=2)
    verdict = verdict_of(replace(seen, seen=(stale, *seen.seen)), CheckLimits())
    assert verdict.sentence.startswith(
        "Broker 2 answers here, but the rest of the cluster does not report it; partition 0 of insights has a replica"
    )
    assert verdict.fix.startswith("Look at the log of broker 2, and at the network between it and the cluster's")


def test_a_broker_that_is_behind() -> None:
    (finding,) = replicas(told({0: FULL, 3: WITHOUT_2}, least="1"))
    assert finding.code == "replicas_out_of_sync"
    assert finding.what == "Broker 2 is behind: its replicas of partition 3 of insights are out of sync."
    assert finding.fix.endswith("until then payloads lie on fewer brokers than they should.")


@pytest.mark.parametrize(
    ("partitions", "listed", "least", "what"),
    [
        ({0: WITHOUT_2, 1: WITHOUT_2}, (1, 3), "3", "Both partitions of insights take no payloads: 2 replicas are in"),
        ({0: FULL, 1: PartitionView(1, 3, ALL, (1,))}, (), "2", "Partition 1 of insights takes no payloads: 1 replica"),
        (
            dict.fromkeys(range(9), WITHOUT_2) | {9: FULL, 10: FULL},
            (),
            "3",
            "9 of 11 partitions of insights take no payloads: 2 replicas are in sync, and min.insync.replicas is 3.",
        ),
    ],
)
def test_too_few_in_sync_is_a_failure(
    partitions: dict[int, PartitionView], listed: tuple[int, ...], least: str, what: str
) -> None:
    verdict = verdict_of(told(partitions, *listed, least=least), CheckLimits())
    assert (verdict.verdict, verdict.degraded, verdict.failed) == ("failed", False, 1)
    assert verdict.code is Code.BROKER_REFUSES
    assert verdict.sentence.startswith(what)
    assert verdict.fix.startswith("Bring broker")


def test_that_no_payload_is_taken_weighs_more_than_a_server_that_is_down() -> None:
    seen = told({0: WITHOUT_2}, 1, 3, least="3")
    down = fails("kafka-2", Step.TCP, Code.KAFKA_UNREACHABLE)
    verdict = verdict_of(replace(seen, seen=(*seen.seen, down)), CheckLimits())
    assert verdict.sentence.startswith("Partition 0 of insights takes no payloads")
    assert verdict.failed == 2


def test_partitions_without_a_leader_name_the_brokers_that_hold_them() -> None:
    gone = PartitionView(None, 1, (2,), (2,))
    seen = view({0: FULL, 1: gone, 5: gone}, 1, 3)
    trouble = topic.trouble_of(seen, Peer(Server("kafka-1", 9093), "insights", node_id=1))
    assert trouble is not None
    assert trouble.what == (
        "2 of 3 partitions of insights have no leader, says broker 1 at kafka-1:9093: replicas lie on broker 2, which "
        "the cluster does not report."
    )
    assert trouble.act == "Start broker 2, or let the cluster's administrator elect a leader."
    assert topic.found(seen, None) == "3 partitions, 1 replica, 2 partitions with replicas out of sync"
    assert not replicas(told({1: gone, 5: gone}, 1, 3)), "the failed step says it"


def test_what_fails_otherwise_comes_first() -> None:
    seen = told({0: WITHOUT_2}, 1, 3)
    first = seen.seen[0]
    first.steps[Step.WRITE] = replace(
        first.steps[Step.WRITE], state=StepState.FAILED, code=Code.NOT_AUTHORIZED, cause="No.", fix="Grant it."
    )
    verdict = verdict_of(seen, CheckLimits())
    assert (verdict.sentence, verdict.degraded) == ("No.", False)
    assert [one.code for one in verdict.findings] == ["broker_missing"]


async def test_a_member_that_a_cluster_on_the_network_lists_no_longer() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 4)
        cluster.unlisted = {3}
        told = await run_check(replace(cluster.connection(), servers=(cluster.brokers[0].server,)))
    assert (told.verdict.verdict, told.verdict.degraded, told.verdict.servers) == ("ok", True, 2)
    assert told.verdict.sentence.startswith(
        "Broker 3 is not reported by the cluster; all 4 partitions of insights have a replica there that is out of sync"
    )
