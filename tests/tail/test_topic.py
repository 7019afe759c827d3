"""The tail of the topic against librdkafka's mock: no gap, none twice, one reader, none while nobody follows."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from insights_tui.agent.tail import Tails, TopicTail
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.tail import Seen, TailAsked
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.tail import Pace, TopicReader
from insights_tui.kafka.verify import KafkaTroubleError
from tests.engine.cluster import _QUIET, MockCluster

NOBODY = Connection("insights", (Server("127.0.0.1", 1),))


@pytest.fixture(scope="module")
def mock() -> Iterator[MockCluster]:
    cluster = MockCluster(1)
    yield cluster
    cluster.close()


@pytest.fixture
def connection(mock: MockCluster) -> Connection:
    topic = f"t-{uuid4()}"
    mock.create(topic)
    return mock.connection(topic)


@pytest.fixture
async def tail(connection: Connection) -> AsyncIterator[TopicTail]:
    made = TopicTail(lambda: connection, SystemClock())
    yield made
    await made.stop()


def produce(connection: Connection, numbers: range, **config: object) -> None:
    producer = Producer({"bootstrap.servers": connection.bootstrap, **config}, logger=_QUIET)
    for number in numbers:
        producer.produce(
            connection.topic, b'{"n":%d}' % number, headers={"insights-id": f"id-{number}"}, partition=number % 4
        )
    assert producer.flush(20) == 0


async def collect(rounds: AsyncGenerator[tuple[list[Seen], int], None], until: int) -> tuple[list[str], int]:
    """The ids that came until there were so many, told or skipped."""
    ids: list[str] = []
    skipped = 0
    async with asyncio.timeout(20):
        while len(ids) + skipped < until:
            payloads, left_out = await anext(rounds)
            ids += [each.id for each in payloads]
            skipped += left_out
    return ids, skipped


@pytest.mark.parametrize("codec", ["none", "zstd", "lz4"])
async def test_the_newest_are_told_oldest_first(tail: TopicTail, connection: Connection, codec: str) -> None:
    assert await tail.newest(5) == []
    produce(connection, range(40), **{"compression.type": codec})
    newest = await tail.newest(8)
    assert len(newest) == 8
    assert [(each.at_ms, each.partition, each.offset) for each in newest] == sorted(
        (each.at_ms, each.partition, each.offset) for each in newest
    )
    assert {each.id for each in await tail.newest(1000)} == {f"id-{number}" for number in range(40)}
    assert not tail.reading


async def test_following_leaves_no_gap_and_tells_none_twice(tail: TopicTail, connection: Connection) -> None:
    produce(connection, range(20))
    rounds = tail.follow(TailAsked(count=10, follow=True))
    before, _ = await anext(rounds)
    await asyncio.to_thread(produce, connection, range(20, 60))
    ids, skipped = await collect(rounds, 40)
    assert len(before) == 10
    assert skipped == 0
    assert sorted(ids) == sorted(f"id-{number}" for number in range(20, 60))
    await rounds.aclose()
    assert not tail.reading


async def test_several_share_one_reader_that_ends_with_the_last(tail: TopicTail, connection: Connection) -> None:
    first = tail.follow(TailAsked(count=0, follow=True))
    second = tail.follow(TailAsked(count=0, follow=True))
    await anext(first)
    reading = tail._reading
    await anext(second)
    assert tail._reading is reading
    await asyncio.to_thread(produce, connection, range(4))
    assert sorted((await collect(first, 4))[0]) == sorted((await collect(second, 4))[0])
    await first.aclose()
    assert tail.reading
    await second.aclose()
    assert not tail.reading


async def test_a_topic_that_runs_away_is_skipped_and_counted(tail: TopicTail, connection: Connection) -> None:
    rounds = tail.follow(TailAsked(count=0, follow=True, per_s=20))
    await anext(rounds)
    await asyncio.to_thread(produce, connection, range(4000))
    ids, skipped = await collect(rounds, 4000)
    assert len(ids) + skipped == 4000
    assert len(ids) < 1000
    assert len(set(ids)) == len(ids)
    await rounds.aclose()


async def test_an_edited_connection_is_taken_over(mock: MockCluster, connection: Connection) -> None:
    other = replace(connection, topic=connection.topic + "-other")
    mock.create(other.topic)
    now = [connection]
    tail = TopicTail(lambda: now[0], SystemClock())
    rounds = tail.follow(TailAsked(count=0, follow=True))
    await anext(rounds)
    now[0] = other
    following = asyncio.ensure_future(anext(rounds))
    async with asyncio.timeout(20):
        while not following.done():
            await asyncio.to_thread(produce, connection, range(1))  # makes the reader look up
            await asyncio.to_thread(produce, other, range(100, 101))
            await asyncio.wait((following,), timeout=0.2)
            if following.done() and "id-100" not in {each.id for each in following.result()[0]}:
                following = asyncio.ensure_future(anext(rounds))
    await rounds.aclose()
    assert not tail.reading


@pytest.mark.parametrize("follow", [False, True])
async def test_without_a_connection_or_a_server_it_says_so(follow: bool) -> None:
    for connection, code in ((None, "not_connected"), (NOBODY, "kafka_unreachable")):
        tails = Tails(lambda found=connection: found, SystemClock())  # type: ignore[misc]
        with pytest.raises(RefusedError) as refused:
            await anext(tails.tail(TailAsked(follow=follow)))
        assert refused.value.errors[0].code == code
        assert refused.value.errors[0].hint
        assert not tails.topic.reading


async def test_a_topic_that_is_not_there_is_an_error_and_not_made(mock: MockCluster) -> None:
    gate = LoginGate(asyncio.get_running_loop().time, base_s=1.0, cap_s=1.0)
    reader = TopicReader(mock.connection("in valid"), clock=SystemClock(), gate=gate)
    with pytest.raises(KafkaTroubleError):
        await reader.open()
    await reader.close()


async def test_a_reader_that_is_cancelled_leaves_no_socket(connection: Connection) -> None:
    gate = LoginGate(asyncio.get_running_loop().time, base_s=1.0, cap_s=1.0)
    reader = TopicReader(connection, clock=SystemClock(), gate=gate)
    await reader.open()
    begun = asyncio.Event()

    def pace() -> Pace:
        begun.set()
        return Pace(10, 0.01)

    following = asyncio.create_task(reader.follow({}, lambda *_: None, pace))
    await asyncio.wait_for(begun.wait(), 20)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await reader.close()
    assert not reader._client._wires
