"""What Kafka can do to us, on a fake broker in the same loop: nothing is lost, and the cause is named."""

import asyncio
import itertools

import pytest

from insights_tui.delivery.engine import DeliveryFailedError, EngineClosedError
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft
from insights_tui.domain.trouble import Code
from insights_tui.spool.base import QueueFullError
from tests.engine.setup import drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster, Spoil

_PRODUCE = 0


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
