"""What Kafka can do to us, on a fake broker in the same loop: nothing is lost, and the cause is named."""

import asyncio
import itertools

import pytest

from insights_tui.delivery.engine import DeliveryFailedError, EngineClosedError
from insights_tui.delivery.health import broker_troubles, single_replica
from insights_tui.domain.clock import Moment, SystemClock
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.node import Node
from insights_tui.spool.base import QueueFullError
from tests.engine.setup import Running, drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster, Spoil

_METADATA, _PRODUCE = 3, 0


async def test_delivers_each_payload_once_where_nothing_is_wrong() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 6)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(5000))
            await until(lambda: run.delivered() == 5000)
            status = run.engine.status()
        assert sorted(cluster.ids()) == sorted(draft.id for draft in drafts(5000))
        assert status.link.phase == "up"
        assert not status.troubles
        assert [broker.state for broker in status.brokers] == ["up"] * 3
        assert status.partition_count == 6
        assert cluster.creations == 0


@pytest.mark.parametrize("code", [2, 3, 5, 6, 19, 29, 31, 35, 44, 56, 74, 76, 89])
async def test_an_error_without_an_append_is_tried_again_without_a_duplicate(code: int) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.extend([Spoil(code, append=False)] * 3)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert sorted(cluster.ids()) == sorted(draft.id for draft in drafts(10))
            await until(lambda: not run.engine.status().troubles)


@pytest.mark.parametrize(
    "spoil", [*(Spoil(code) for code in (6, 7, 20, 56, -1)), Spoil(answer="silence"), Spoil(answer="close")]
)
async def test_an_attempt_that_may_have_been_appended_is_tried_again_and_in_doubt(spoil: Spoil) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.append(spoil)
        async with running(cluster.connection(), idempotent=False) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
        assert set(cluster.ids()) == {draft.id for draft in drafts(10)}
        assert len(cluster.ids()) == 20  # at least once: the header lets consumers drop the second


async def test_what_was_in_doubt_expires_as_unknown_and_the_rest_as_unsent() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.append(Spoil(7))
        cluster.spoil = Spoil(19, append=False)
        async with running(cluster.connection(), deadline_s=0.4, batch_bytes=1) as run:
            await run.engine.accept(drafts(1, "doubted"))
            await until(lambda: cluster.brokers[0].requests[_PRODUCE] >= 2)
            await run.engine.accept(drafts(1, "clear"))
            await until(lambda: run.engine.status().counts.lost == 2)
            counts = run.engine.status().counts
            assert (counts.expired_unknown, counts.expired_unsent) == (1, 1)
            letters = {letter.payload.id: letter for letter in run.spool.dead_letters}
            assert letters["doubted-0"].outcome is Outcome.EXPIRED_UNKNOWN
            assert letters["clear-0"].outcome is Outcome.EXPIRED_UNSENT
            assert "deadline" in letters["clear-0"].reason
            assert run.engine.status().lost_open == 2


async def test_a_payload_in_flight_ends_at_its_own_deadline_and_a_late_ack_changes_nothing() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), deadline_s=0.3, request_timeout_s=5.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            gate = asyncio.Event()
            broker = cluster.brokers[0]
            broker.hold = gate
            await run.engine.accept(drafts(3))
            await until(lambda: run.engine.status().counts.in_flight == 3)
            await until(lambda: run.engine.status().counts.expired_unknown == 3)
            gate.set()
            await until(lambda: run.engine.status().late_acks == 3)
            assert run.engine.status().counts.expired_unknown == 3
            assert all(letter.late_ack for letter in run.spool.dead_letters)


async def test_one_payload_too_large_is_rejected_and_its_neighbours_are_delivered() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.max_value = 500
        async with running(cluster.connection()) as run:
            await run.engine.accept([*drafts(50, "small"), Draft("large", b"x" * 501), *drafts(50, "after")])
            await until(lambda: run.engine.status().counts.pending == 0)
            counts = run.engine.status().counts
            assert (counts.delivered, counts.rejected) == (100, 1)
            (letter,) = run.spool.dead_letters
            assert (letter.payload.id, letter.reason.count("MESSAGE_TOO_LARGE")) == ("large", 1)
            assert Code.RECORDS_REJECTED in run.codes()
            assert len(set(cluster.ids())) == len(cluster.ids()) == 100
            with pytest.raises(DeliveryFailedError) as failure:
                await run.engine.deliver(Draft("larger", b"x" * 600), 5)
            assert failure.value.outcome is Outcome.REJECTED


async def test_a_missing_topic_waits_is_never_created_and_recovers_by_itself() -> None:
    async with FakeCluster() as cluster, running(cluster.connection()) as run:
        await run.engine.accept(drafts(10))
        await until(lambda: Code.TOPIC_MISSING in run.codes())
        assert run.engine.status().link.phase == "down"
        assert run.engine.status().counts.queued == 10
        cluster.create("insights")
        await until(lambda: run.delivered() == 10)
        assert run.engine.status().link.phase == "up"
        assert not run.codes()
        assert cluster.creations == 0


async def test_no_permission_waits_and_recovers_by_itself() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 4)
        cluster.spoil = Spoil(29, append=False)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: Code.NOT_AUTHORIZED in run.codes())
            assert run.engine.status().counts.pending == 10
            cluster.spoil = Spoil()
            await until(lambda: run.delivered() == 10)
            assert not run.codes()


async def test_a_partition_without_leader_is_no_metadata_storm_and_holds_up_no_other() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights", 3)
        topic.leaders[1] = -1
        async with running(cluster.connection(), backoff_cap_s=0.05) as run:
            await run.engine.accept(drafts(1000))
            await until(lambda: run.delivered() == 1000)
            before = cluster.brokers[0].requests[_METADATA]
            loop = asyncio.get_running_loop()
            start = loop.time()
            await until(lambda: cluster.brokers[0].requests[_METADATA] >= before + 5)
            assert loop.time() - start > 5 * 0.02
            states = {part.id: part.state for part in run.engine.status().partitions}
            assert states == {0: "ok", 1: "no_leader", 2: "ok"}
            topic.leaders[1] = 1
            await until(lambda: run.engine.status().partitions[1].state == "ok")


async def test_a_leader_that_moves_is_followed() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 1)
        async with running(cluster.connection()) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            topic.leaders[0] = 2
            await run.engine.deliver(Draft("second", b"{}"), 5)
            assert len(cluster.ids()) == 2


async def test_a_silent_broker_is_told_within_its_timeout_and_holds_up_no_other() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 3)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(300))
            await until(lambda: run.delivered() == 300)
            cluster.brokers[1].mood = "silent"
            total, before = 300, cluster.brokers[1].requests[_PRODUCE]
            for turn in range(500):
                if turn >= 20 and cluster.brokers[1].requests[_PRODUCE] > before:
                    break  # on a busy machine the other two may be quicker for a while
                await run.engine.accept(drafts(50, f"turn{turn}"))
                total += 50
                await asyncio.sleep(0.01)
            await until(lambda: run.engine.status().brokers[1].state == "down")
            await until(lambda: run.engine.status().counts.pending == run.engine.status().counts.retrying)
            frozen = run.engine.status().counts.retrying
            assert run.delivered() == total - frozen, "what went to the others is delivered"
            assert 0 < frozen <= 50, "one batch waits for what the broker says of it"
            assert Code.BROKER_UNREACHABLE in run.codes()
            assert run.engine.status().link.phase == "up"
            cluster.brokers[1].mood = "well"
            await until(lambda: run.engine.status().brokers[1].state == "up")
            await until(lambda: run.delivered() == total)
            await until(lambda: not run.codes())
            assert len(cluster.ids()) == total


async def test_kafka_that_lets_a_request_wait_is_told_as_slow() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), request_timeout_s=2.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            cluster.brokers[0].mood = "silent"
            await run.engine.accept(drafts(1))
            await until(lambda: Code.KAFKA_SLOW in run.codes())
            assert (run.engine.status().longest_unanswered_s or 0) >= 0.1


async def test_brokers_that_all_let_requests_wait_are_one_problem() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 2)
        async with running(cluster.connection(), request_timeout_s=5.0) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: [broker.state for broker in run.engine.status().brokers] == ["up", "up"])
            await until(lambda: run.delivered() == 10)
            for broker in cluster.brokers:
                broker.mood = "silent"
            for turn in range(500):
                if all(part.in_flight for part in run.engine.status().partitions):
                    break
                await run.engine.accept(drafts(1, f"turn{turn}"))
                await asyncio.sleep(0.01)
            await until(lambda: any("None of the 2" in one.trouble.what for one in run.engine.status().troubles))
            (active,) = run.engine.status().troubles
            assert active.trouble.subject == cluster.connection().bootstrap


async def test_an_idle_connection_that_was_cut_off_is_noticed() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), ping_s=0.1, metadata_s=100.0) as run:
            await until(lambda: run.engine.status().link.phase == "up")
            cluster.brokers[0].mood = "silent"
            await until(lambda: run.engine.status().brokers[0].state == "down")
            assert Code.KAFKA_UNREACHABLE in run.codes()


async def test_kafka_that_goes_away_and_comes_back_loses_nothing() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 4)
        async with running(cluster.connection()) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            for broker in cluster.brokers:
                await broker.stop()
            await run.engine.accept(drafts(500))
            await until(lambda: Code.KAFKA_UNREACHABLE in run.codes())
            assert run.engine.status().link.phase == "down"
            for broker in cluster.brokers:
                await broker.start()
            await until(lambda: run.delivered() == 501)
            assert len(cluster.ids()) == 501
            await until(lambda: not run.codes())


async def test_a_cluster_that_moved_is_found_again_through_the_bootstrap_list() -> None:
    async with FakeCluster(2) as cluster, FakeCluster() as away:
        cluster.create("insights", 2)
        entry = cluster.brokers[0]
        async with running(Connection("insights", (entry.server,)), stall_s=0.3) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            await entry.stop()
            await cluster.brokers[1].stop()
            moved = cluster.brokers[1]
            moved.port = 0
            await moved.start()  # another port: nothing but the bootstrap server knows it
            cluster.topics["insights"].leaders[:] = [2, 2]
            await run.engine.accept(drafts(10))
            await until(lambda: run.engine.status().link.generation > 1)
            cluster.unlisted.add(1)
            await entry.start()
            await until(lambda: run.delivered() == 11)
        assert away.brokers[0].connections == 0


async def test_an_advertised_address_that_leads_nowhere_is_named() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.brokers[0].advertised = Server("kafka-1.invalid", 9092)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(1))
            await until(lambda: Code.NAME_NOT_RESOLVED in run.codes())
            trouble = next(
                one.trouble for one in run.engine.status().troubles if one.trouble.code is Code.NAME_NOT_RESOLVED
            )
            assert "kafka-1.invalid" in trouble.what
            assert "advertised.listeners" in trouble.act


async def test_stop_with_frozen_kafka_returns_quickly_and_leaves_what_is_pending() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 4)
        async with running(cluster.connection(), request_timeout_s=30.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            for broker in cluster.brokers:
                broker.mood = "silent"
            await run.engine.accept(drafts(500))
            await until(lambda: run.engine.status().counts.in_flight > 0)
            async with asyncio.timeout(3):
                counts = await run.engine.stop(grace_s=30)
            assert counts.pending == 500
            assert counts.in_flight == 0
            await until(lambda: not any(broker.open_connections for broker in cluster.brokers))
            with pytest.raises(EngineClosedError):
                await run.engine.accept(drafts(1))


async def test_stop_drains_while_kafka_answers() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 2)
        async with running(cluster.connection()) as run:
            await until(lambda: run.engine.status().link.phase == "up")
            await run.engine.accept(drafts(3000))
            assert (await run.engine.stop(grace_s=10)).delivered == 3000


async def test_an_outage_stands_since_it_began_whatever_server_each_new_client_meets() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 3)
        async with running(cluster.connection(), stall_s=0.3) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            for broker in cluster.brokers:
                broker.mood = "silent"
            await run.engine.accept(drafts(5))
            await until(lambda: run.engine.status().link.phase == "down")
            before, seen = run.engine.status().link.generation, SystemClock().boot()
            await until(lambda: run.engine.status().link.generation >= before + 4)
            await until(lambda: run.engine.status().link.phase == "down")
            (active,) = run.engine.status().troubles
            assert active.trouble.code is Code.KAFKA_UNREACHABLE
            assert active.trouble.subject == cluster.connection().bootstrap
            assert active.trouble.what.startswith("None of the 3 servers works. ")
            assert active.since.boot <= seen, "not since the last attempt"


async def test_another_connection_takes_over_what_is_pending() -> None:
    async with FakeCluster() as old, FakeCluster() as new:
        old.create("insights")
        new.create("elsewhere", 2)
        async with running(old.connection()) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            old.spoil = Spoil(6, append=False)
            await run.engine.accept(drafts(100))
            await until(lambda: run.engine.status().counts.retrying > 0)
            run.engine.use(new.connection("elsewhere"))
            await until(lambda: run.delivered() == 101)
            assert sorted(new.ids("elsewhere")) == sorted(draft.id for draft in drafts(100))
            run.engine.use(None)
            assert run.engine.status().link.phase == "idle"
            await until(lambda: not old.brokers[0].open_connections and not new.brokers[0].open_connections)
            await run.engine.accept(drafts(1, "later"))
            assert run.engine.status().counts.queued == 1


async def test_keys_keep_their_order_through_failures() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights", 3)
        answers = itertools.cycle([Spoil(6, append=False), Spoil(), Spoil(19, append=False)])
        cluster.spoils.extend(itertools.islice(answers, 30))
        async with running(cluster.connection(), batch_bytes=200) as run:
            await run.engine.accept(drafts(200, key=b"same"))
            await until(lambda: run.delivered() == 200)
        logs = [[dict(record.headers)["insights-id"].decode() for record in log] for log in topic.logs]
        assert sorted(map(len, logs)) == [0, 0, 200]
        assert max(logs, key=len) == [draft.id for draft in drafts(200)]


async def test_a_client_that_is_replaced_again_and_again_for_one_reason_is_told_once() -> None:
    """A batch in doubt whose partition cannot be reached: every new client finds the same."""
    async with FakeCluster() as cluster:
        cluster.create("insights")

        def told(run: Running) -> int:
            codes = [one.code for one in run.told]
            assert codes.count("connected") <= codes.count("client_replaced") + 1
            return codes.count("client_replaced")

        async with running(cluster.connection(), stall_s=0.2, request_timeout_s=5.0) as run:
            for incident in (1, 2):
                cluster.spoils.append(Spoil(7))
                cluster.spoil = Spoil(answer="silence", append=False)
                before = run.engine.status().link.generation
                await run.engine.accept(drafts(1, f"incident{incident}"))
                await until(lambda: run.engine.status().link.generation >= before + 3)  # noqa: B023 - waited for here
                assert told(run) == incident
                cluster.spoil = Spoil()
                await until(lambda: run.delivered() == incident)  # noqa: B023 - waited for here
        assert len(cluster.ids()) == 2


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


async def test_what_is_lost_without_a_connection_says_so() -> None:
    async with running(None, deadline_s=0.2) as run:
        await run.engine.accept(drafts(1))
        await until(lambda: run.engine.status().counts.expired_unsent == 1)
        assert [letter.reason for letter in run.spool.dead_letters] == [
            "The deadline passed (never sent). No connection to Kafka is configured."
        ]


async def test_beyond_its_limit_the_queue_takes_nothing_and_all_or_none() -> None:
    async with running(None, max_payloads=10) as run:
        await run.engine.accept(drafts(8))
        with pytest.raises(QueueFullError):
            await run.engine.accept(drafts(3, "more"))
        assert run.engine.status().counts.accepted == 8
        await run.engine.accept(drafts(2, "fits"))


async def test_a_timeout_of_deliver_leaves_the_payload_pending() -> None:
    async with running(None) as run:
        with pytest.raises(TimeoutError):
            await run.engine.deliver(Draft("waiting", b"{}"), 0.05)
        assert run.engine.status().counts.queued == 1
