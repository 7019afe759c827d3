"""Kafka refuses the time of acceptance as a timestamp: nothing is lost or doubled by it, and the cause is told."""

import time

import pytest

from insights_tui.domain.clock import Moment, SystemClock
from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.stamps import KEPT_S, UNSTAMPED, Stamp, Stamps, explained
from insights_tui.kafka.verdict import Peer
from tests.engine.setup import drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster, Spoil

HOUR_MS = 3_600_000
PEER = Peer(Server("kafka-1", 9093), "insights", node_id=1)
SAID = "Timestamp 9 of message with offset 0 is out of range. The timestamp should be within [{}, {}]"


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("ids", [True, False])
async def test_payloads_of_a_machine_whose_clock_is_wrong_are_delivered_once(ahead: bool, ids: bool) -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 2)
        now = now_ms()
        cluster.times = (-9 * HOUR_MS, -HOUR_MS) if ahead else (HOUR_MS, 9 * HOUR_MS)
        async with running(cluster.connection(), batch_payloads=10, idempotent=ids) as run:
            await run.engine.accept(drafts(100))
            await until(lambda: run.delivered() == 100)
            assert run.engine.status().counts.lost == 0
            (active,) = run.engine.status().troubles
        assert sorted(cluster.ids()) == sorted(draft.id for draft in drafts(100))
        assert active.trouble.code is Code.CLOCK_JUMP
        assert ("clock is ahead of Kafka's" if ahead else "clock is behind Kafka's") in active.trouble.what
        for record in (record for log in topic.logs for record in log):
            accepted = int(dict(record.headers)["insights-accepted-at"])
            assert now <= accepted <= now_ms()
            assert cluster.times[0] <= record.timestamp - now <= cluster.times[1] + now_ms() - now


class SetClock(SystemClock):
    """A clock that somebody sets."""

    def __init__(self) -> None:
        super().__init__()
        self.off_s = 0.0

    def now(self) -> Moment:
        told = super().now()
        return Moment(told.wall + self.off_s, told.boot)


async def test_the_problem_ends_with_the_first_payload_that_goes_with_its_own_time() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.times, clock = (-9 * HOUR_MS, HOUR_MS), SetClock()
        async with running(cluster.connection(), clock=clock) as run:
            clock.off_s = 7200.0
            await run.engine.accept(drafts(5))
            await until(lambda: run.delivered() == 5)
            assert run.codes() == {Code.CLOCK_JUMP}
            await run.engine.accept(drafts(5, "still"))
            await until(lambda: run.delivered() == 10)
            assert run.codes() == {Code.CLOCK_JUMP}, "they went with a time that Kafka takes, not their own"
            clock.off_s = 0.0
            await run.engine.accept(drafts(5, "after"))
            await until(lambda: run.delivered() == 15)
            assert not run.codes(), "it is known to be over"


async def test_a_broker_that_does_not_say_what_it_takes_gets_records_without_a_timestamp() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.times, cluster.produce_version = (HOUR_MS, 2 * HOUR_MS), 7
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert run.codes() == {Code.CLOCK_JUMP}
        assert [record.timestamp for record in topic.logs[0]] == [-1] * 10
        assert sorted(cluster.ids()) == sorted(draft.id for draft in drafts(10))


@pytest.mark.parametrize("ids", [True, False])
async def test_a_batch_in_doubt_goes_out_again_with_the_times_that_it_had(ids: bool) -> None:
    """Unless they are refused meanwhile: then it is another batch, and what is in doubt may be there twice."""
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        cluster.spoils.extend([Spoil(7), Spoil(19, append=False)])
        async with running(cluster.connection(), idempotent=ids) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: run.delivered() == 10)
            assert len(topic.logs[0]) == (10 if ids else 20)
            cluster.spoils.extend([Spoil(7), Spoil(32, append=False)])
            await run.engine.accept(drafts(10, "refused"))
            await until(lambda: run.delivered() == 20)
            await run.engine.accept(drafts(10, "after"))
            await until(lambda: run.delivered() == 30)
        assert set(cluster.ids()) == {draft.id for name in ("id", "refused", "after") for draft in drafts(10, name)}
        assert len(topic.logs[0]) == (40 if ids else 50)


async def test_a_payload_in_doubt_that_is_refused_then_leaves_its_number_to_no_other() -> None:
    """Kafka looks at the content first: a repetition of what it has may be refused, after the topic was changed."""
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.spoils.extend([Spoil(7), Spoil(10, append=False)])
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(1, "refused"))
            await until(lambda: run.engine.status().counts.rejected == 1)
            await run.engine.accept(drafts(1, "after"))
            await until(lambda: run.delivered() == 1)
        assert cluster.ids() == ["refused-0", "after-0"]


def test_what_a_broker_said_goes_on_with_the_clock_and_is_forgotten() -> None:
    stamps = Stamps()
    assert stamps.at(Moment(0.0, 0.0)) is None
    assert stamps.refused([SAID.format(10, 3000)], Moment(0.0, 100.0)) == Stamp(10, 3000)
    assert stamps.at(Moment(0.0, 101.5)) == Stamp(1510, 3500)
    assert stamps.at(Moment(0.0, 100.1 + KEPT_S)) is None
    assert stamps.at(Moment(0.0, 101.5)) is None
    assert stamps.refused([SAID.format(-9_223_370_273_158_103_807, 3000)], Moment(0.0, 0.0)) is not None
    assert stamps.at(Moment(0.0, 0.0)).of(5000) == 2000  # type: ignore[union-attr]  # would fail


@pytest.mark.parametrize("said", [(), ["no"], [SAID.format(5, 4)], [SAID.format(-9, -5)], [SAID.format("x", 1)]])
def test_where_nothing_can_be_learned_records_have_no_timestamp(said: list[str]) -> None:
    stamps = Stamps()
    assert stamps.refused(said, Moment(0.0, 0.0)) is None
    assert stamps.at(Moment(0.0, 1.0)) is UNSTAMPED
    assert stamps.at(Moment(0.0, 1.0 + KEPT_S)) is None


def test_the_words_say_which_clock_is_wrong_only_where_the_answer_shows_it() -> None:
    trouble = Trouble(Code.CLOCK_JUMP, "kafka-1:9093", "It is refused.", "Set the clock.")
    now = Moment(10_000.0, 0.0)
    ahead = explained(trouble, Stamp(0, 2_740_000), now, PEER)
    assert ahead.what == "This machine's clock is ahead of Kafka's, by 2h 01m more than Kafka takes."
    assert ahead.raw == "after the latest that broker 1 at kafka-1:9093 takes"
    behind = explained(trouble, Stamp(10_005_000, 11_000_000), now, PEER)
    assert behind.what == "This machine's clock is behind Kafka's, by 5.0 s more than Kafka takes."
    assert explained(trouble, Stamp(0, 11_000_000), now, PEER) is trouble
    assert explained(trouble, None, now, PEER) is trouble
