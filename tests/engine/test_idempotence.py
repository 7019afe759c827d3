"""What Kafka has already it drops: no payload twice, whatever happens to requests, answers, clients and leaders."""

import asyncio

import pytest

from insights_tui.delivery.sequence import AGAIN_S, PATIENCE_S, ProducerSequence, ProducerSequences
from insights_tui.domain.connection import Connection
from insights_tui.domain.payload import Draft
from insights_tui.domain.trouble import Code
from insights_tui.kafka.records import ANONYMOUS, ProducerState
from tests.engine.setup import Running, drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster, Spoil

_METADATA, _INIT_ID = 3, 22
IN_DOUBT = [
    Spoil(6),
    Spoil(7),
    Spoil(20),
    Spoil(56),
    Spoil(-1),
    Spoil(answer="silence"),
    Spoil(answer="close"),
    Spoil(answer="silence", append=False),
    Spoil(answer="close", append=False),
    Spoil(13, append=False),
]


def ids(count: int, prefix: str = "id") -> list[str]:
    return sorted(draft.id for draft in drafts(count, prefix))


def warnings(run: Running) -> list[str]:
    return [one.raw for one in run.told if one.code == "not_idempotent"]


@pytest.mark.parametrize("spoil", IN_DOUBT)
async def test_an_attempt_in_doubt_is_repeated_and_stored_once(spoil: Spoil) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.extend([spoil, Spoil(6, append=False), spoil])
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            await run.engine.accept(drafts(10, "next"))
            await until(lambda: run.delivered() == 20)
        assert sorted(cluster.ids()) == sorted(ids(10) + ids(10, "next"))
        assert cluster.brokers[0].requests[_INIT_ID] == 1


@pytest.mark.parametrize("code", [6, 56])
async def test_the_numbers_of_a_batch_appended_by_a_leader_that_goes_are_not_given_to_another(code: int) -> None:
    """Given to another of as many records, that one would be answered as a repetition: delivered, and nowhere."""
    async with FakeCluster() as cluster:
        cluster.create("insights", 2)
        # the pause lets the other lane take what failed first, were it to be had
        async with running(cluster.connection(), batch_payloads=10, lane_backoff_s=0.3) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            await until(lambda: cluster.last_id == 1002)
            cluster.spoils.append(Spoil(code))
            await run.engine.accept(drafts(60))
            await until(lambda: run.delivered() == 61)
            await until(lambda: {one.state for one in run.engine.status().partitions} == {"ok"})
            await run.engine.accept(drafts(20, "after"))
            await until(lambda: run.delivered() == 81)
        assert sorted(cluster.ids()) == sorted([*ids(60), *ids(20, "after"), "first"])


async def test_under_a_mix_of_failures_nothing_is_lost_and_nothing_doubled() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 6)
        cluster.spoils.extend([*IN_DOUBT, Spoil(), Spoil(19, append=False)] * 3)
        async with running(cluster.connection(), batch_payloads=20) as run:
            for turn in range(40):
                await run.engine.accept(drafts(50, f"turn{turn}"))
                await asyncio.sleep(0)
            await until(lambda: run.delivered() == 2000)
        assert sorted(cluster.ids()) == sorted(name for turn in range(40) for name in ids(50, f"turn{turn}"))


async def test_a_frozen_batch_waits_for_its_partition_and_holds_up_no_other() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 4)
        async with running(cluster.connection(), batch_payloads=20) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            await until(lambda: cluster.last_id == 1004)
            cluster.brokers[1].mood = "silent"
            await run.engine.accept(drafts(400))
            await until(lambda: run.engine.status().brokers[1].state == "down")
            await until(lambda: run.engine.status().counts.retrying == run.engine.status().counts.pending > 0)
            frozen = run.engine.status().counts.pending
            assert frozen <= 2 * 20
            assert run.delivered() == 401 - frozen
            cluster.brokers[1].mood = "well"
            await until(lambda: run.delivered() == 401)
        assert sorted(cluster.ids()) == sorted([*ids(400), "first"])
        assert len(topic.logs[1]) + len(topic.logs[3]) >= frozen


async def test_a_batch_in_doubt_follows_its_partition_to_another_leader() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 1)
        cluster.spoils.append(Spoil(answer="close"))
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.engine.status().counts.pending == 0 or topic.logs[0])
            topic.leaders[:] = [2]
            await until(lambda: run.delivered() == 10)
        assert sorted(cluster.ids()) == ids(10)
        assert len(topic.producers) == 1


async def test_a_new_leader_is_looked_for_until_there_is_one_that_answers() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 1)
        async with running(cluster.connection(), metadata_s=1000.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            cluster.spoils.append(Spoil(answer="silence"))
            await run.engine.accept(drafts(10))
            await until(lambda: len(topic.logs[0]) == 11)
            await cluster.brokers[0].stop()
            asked = cluster.brokers[1].requests[_METADATA]
            await until(lambda: cluster.brokers[1].requests[_METADATA] > asked + 2)  # it is still said to lead
            topic.leaders[:] = [2]
            await until(lambda: run.delivered() == 11)
        assert sorted(cluster.ids()) == sorted([*ids(10), "first"])


@pytest.mark.parametrize("code", [45, 47, 49, 59])
async def test_a_void_sequence_is_begun_anew(code: int) -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.spoils.append(Spoil(code, append=False))
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
        assert sorted(cluster.ids()) == ids(10)
        assert cluster.last_id == 1002
        assert [producer for _, producer in topic.producers] == [1002]


async def test_numbers_wrap_around() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        async with running(cluster.connection(), batch_payloads=10) as run:
            await until(lambda: cluster.last_id == 1001)
            session = run.engine._supervisor.session
            assert session is not None
            await until(lambda: session._sequences[0].known)
            session._sequences[0].next = 2**31 - 15
            cluster.spoils.extend([Spoil(), Spoil(7), Spoil(), Spoil(answer="close")])
            await run.engine.accept(drafts(60))
            await until(lambda: run.delivered() == 60)
        assert sorted(cluster.ids()) == ids(60)
        assert topic.producers[0, 1001].next == 45


async def test_after_what_was_in_doubt_has_expired_the_lane_takes_a_new_id() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.spoils.append(Spoil(7))
        cluster.spoil = Spoil(19, append=False)
        async with running(cluster.connection(), deadline_s=0.4) as run:
            await run.engine.accept(drafts(3, "doubted"))
            await until(lambda: run.engine.status().counts.expired_unknown == 3)
            cluster.spoil = Spoil()
            await run.engine.deliver(Draft("after", b"{}"), 5)
        assert sorted(cluster.ids()) == sorted([*ids(3, "doubted"), "after"])
        assert [producer for _, producer in topic.producers] == [1001, 1002]


async def test_a_batch_in_doubt_whose_broker_stays_away_goes_elsewhere_before_it_is_lost() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 2)
        async with running(cluster.connection(), deadline_s=2.0, thaw_left=0.75) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            await until(lambda: cluster.last_id == 1002)
            for broker in cluster.brokers:
                broker.mood = "silent"
            await run.engine.accept(drafts(3, key=b"k"))  # they belong to partition 0
            await run.engine.accept(drafts(3, "any"))
            await until(lambda: run.engine.status().counts.retrying == 6)
            cluster.brokers[1].mood = "well"
            await until(lambda: run.delivered() == 4)
            await until(lambda: run.engine.status().counts.expired_unknown == 3)
            cluster.brokers[0].mood = "well"
            await run.engine.deliver(Draft("last", b"{}", b"k"), 5)
        assert sorted(cluster.ids()) == sorted(["first", "last", *ids(3, "any")])
        assert len(topic.logs[0]) + len(topic.logs[1]) == 5


async def test_a_part_of_a_frozen_batch_expires_and_the_rest_still_matches_its_numbers() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), deadline_s=0.5, linger_s=0.25, thaw_left=0.0) as run:
            await until(lambda: cluster.last_id == 1001)
            cluster.spoils.append(Spoil(answer="close"))
            cluster.spoil = Spoil(19, append=False)
            await run.engine.accept(drafts(5, "early"))
            await asyncio.sleep(0.2)  # the two have deadlines apart, in one batch
            await run.engine.accept(drafts(5, "late"))
            await until(lambda: run.engine.status().counts.expired_unknown == 5)
            cluster.spoil = Spoil()
            await until(lambda: run.engine.status().counts.pending == 0)
            status = run.engine.status()
        assert (status.counts.delivered, status.counts.expired_unknown, status.late_acks) == (5, 5, 5)
        assert sorted(cluster.ids()) == sorted(ids(5, "early") + ids(5, "late"))


async def test_a_poisonous_record_is_cut_out_and_the_numbers_stay_right() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.max_value = 500
        async with running(cluster.connection()) as run:
            await run.engine.accept([*drafts(50, "small"), Draft("large", b"x" * 501), *drafts(50, "after")])
            await until(lambda: run.engine.status().counts.pending == 0)
            assert (run.delivered(), run.engine.status().counts.rejected) == (100, 1)
        assert sorted(cluster.ids()) == sorted(ids(50, "small") + ids(50, "after"))
        assert [(producer, seen.next) for (_, producer), seen in topic.producers.items()] == [(1001, 100)]


async def test_a_replaced_client_goes_on_under_the_same_id() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        connection = cluster.connection()
        async with running(connection, request_timeout_s=5.0, retire_s=0.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            cluster.spoils.append(Spoil(answer="silence"))
            await run.engine.accept(drafts(10))
            await until(lambda: len(topic.logs[0]) == 11)
            run.engine.use(connection)
            await until(lambda: run.delivered() == 11)
            assert run.engine.status().link.generation == 2
        assert sorted(cluster.ids()) == sorted([*ids(10), "first"])
        assert cluster.last_id == 1001


async def test_while_the_old_client_finishes_the_new_one_leaves_its_partition_alone() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        connection = cluster.connection()
        async with running(connection, request_timeout_s=5.0, retire_s=5.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            gate = asyncio.Event()
            cluster.brokers[0].hold = gate
            await run.engine.accept(drafts(10))
            await until(lambda: len(topic.logs[0]) == 11)
            cluster.brokers[0].hold = None
            run.engine.use(connection)
            await until(lambda: run.engine.status().link.phase == "up")
            await run.engine.accept(drafts(10, "more"))
            gate.set()
            await until(lambda: run.delivered() == 21)
        assert sorted(cluster.ids()) == sorted([*ids(10), *ids(10, "more"), "first"])
        assert topic.producers[0, 1001].next == 21


async def test_what_is_frozen_for_one_cluster_goes_to_another_when_the_connection_does() -> None:
    async with FakeCluster() as old, FakeCluster() as new:
        old.create("insights")
        new.create("insights", 2)
        async with running(old.connection(), retire_s=0.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            old.spoils.append(Spoil(7))
            old.spoil = Spoil(19, append=False)
            await run.engine.accept(drafts(10))
            await until(lambda: run.engine.status().counts.retrying == 10)
            run.engine.use(new.connection())
            await until(lambda: run.delivered() == 11)
        assert sorted(new.ids()) == ids(10)


@pytest.mark.parametrize("code", [31, 35, 53, -1])
async def test_a_broker_that_refuses_ids_is_written_to_without_and_that_is_told_once(code: int) -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 4)
        cluster.id_code = code
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(100))
            await until(lambda: run.delivered() == 100)
            assert len(warnings(run)) == 1
        assert sorted(cluster.ids()) == ids(100)
        assert not topic.producers


async def test_an_old_broker_is_written_to_without_ids() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 2)
        cluster.speaks_ids = False
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert len(warnings(run)) == 1


async def test_ids_that_come_later_are_waited_for() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.id_codes.extend([15, 14, 41, 15])
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert not warnings(run)
        assert list(topic.producers) == [(0, 1001)]


async def test_ids_that_are_refused_with_a_batch_are_done_without() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.append(Spoil(31, append=False))
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert len(warnings(run)) == 1
        assert sorted(cluster.ids()) == ids(10)


async def test_a_permission_that_comes_later_brings_the_ids_with_it_and_nothing_is_told() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.id_code, cluster.spoil = 31, Spoil(29, append=False)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.engine.status().errors.get(Code.NOT_AUTHORIZED, 0) > 1)
            assert not warnings(run), "it may be that Kafka takes nothing at all from this user"
            cluster.id_code, cluster.spoil = 0, Spoil()
            await until(lambda: run.delivered() == 10)
            await until(lambda: cluster.last_id == 1001)
            await run.engine.deliver(Draft("after", b"{}"), 5)
            assert not warnings(run)
        assert list(topic.producers) == [(0, 1001)]


async def test_it_can_be_turned_off() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        async with running(cluster.connection(), idempotent=False) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
        assert not topic.producers
        assert cluster.brokers[0].requests[_INIT_ID] == 0


async def test_ids_are_kept_while_there_is_no_connection() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        connection: Connection = cluster.connection()
        async with running(connection) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            run.engine.use(None)
            run.engine.use(connection)
            await run.engine.deliver(Draft("second", b"{}"), 5)
        assert cluster.last_id == 1001


@pytest.mark.parametrize(("deadline_s", "patience_s"), [(240.0, PATIENCE_S), (3600.0, PATIENCE_S), (10.0, 2.5)])
def test_a_lane_waits_for_its_id_no_longer_than_its_patience(deadline_s: float, patience_s: float) -> None:
    sequences = ProducerSequences(enabled=True, deadline_s=deadline_s)
    sequences.settle_in("here")
    assert not sequences.ready(0, 0.0, lambda _: False)
    assert sequences.wants_id(0, 0.0)
    sequences[0].since = 0.0
    assert not sequences.ready(0, patience_s, lambda _: False)
    assert sequences.ready(0, patience_s + 1, lambda _: False)
    assert sequences.take(0, patience_s + 1) == (None, ANONYMOUS)
    sequences[0].grant(7, 0)
    sequence, state = sequences.take(0, patience_s + 2)
    assert (sequence, state) == (sequences[0], ProducerState(7, 0, 0))


def test_a_cluster_that_refused_is_asked_again_after_a_while_and_told_once() -> None:
    sequences = ProducerSequences(enabled=True)
    sequences.settle_in("here")
    assert not sequences.to_tell()
    sequences.refuse(0.0, "no")
    assert sequences.ready(0, 2.0, lambda _: False)
    assert not sequences.wants_id(0, 2.0)
    assert [sequences.to_tell(), sequences.to_tell()] == ["no", ""]
    assert sequences.wants_id(0, 2.0 + AGAIN_S)
    sequences.refuse(3.0 + AGAIN_S, "no")
    assert not sequences.to_tell(), "people know it already"
    sequences.reconsider()
    assert not sequences.to_tell()
    assert sequences.wants_id(0, 4.0 + AGAIN_S)
    assert sequences.settle_in("elsewhere")
    sequences.refuse(4.0 + AGAIN_S, "no")
    assert sequences.to_tell(), "of another cluster they do not"


def test_a_batch_in_doubt_that_is_gone_costs_the_id() -> None:
    sequences = ProducerSequences(enabled=True)
    sequences.settle_in("here")
    old: ProducerSequence = sequences[3]
    old.grant(7, 0)
    old.doubt = True
    assert sequences.ready(3, 0.0, lambda _: True)
    assert not sequences.ready(3, 0.0, lambda _: False)
    assert old.over
    assert sequences.wants_id(3, 0.0)
    old.busy = True
    sequences[3].busy = True
    assert not sequences.ready(3, 0.0, lambda _: True)
