"""What a tail tells of a payload, what waits for a follower, and what is kept of the accepted ones."""

import asyncio

import msgspec
import pytest

from insights_tui.agent.tail import KEPT, AcceptedTail
from insights_tui.domain.payload import Draft
from insights_tui.domain.tail import MAX_VALUE, Ring, Seen, TailAsked, tailed

ID = "0193548e-3b00-7000-8000-000000000001"
VALUE = b'{"risk":0.2,"algorithm_owner":"acme","algorithm_name":"fraud","algorithm_version":"1.0.2"}'


def seen(number: int, value: bytes = b"{}") -> Seen:
    return Seen(number, f"id-{number}", value)


def draft(number: int) -> Draft:
    return Draft(f"id-{number}", b"{}")


def test_a_value_is_told_only_where_it_was_asked_for() -> None:
    one = tailed(Seen(1_000, ID, VALUE, b"k", 3, 7), values=False, skipped=2)
    assert (one.size, one.algorithm, one.value, one.skipped) == (len(VALUE), "acme/fraud/1.0.2", None, 2)
    assert (one.partition, one.offset, one.key) == (3, 7, "k")
    assert one.timestamp.isoformat() == "1970-01-01T00:00:01+00:00"
    assert tailed(Seen(1_000, ID, VALUE), values=True).value == VALUE.decode()


@pytest.mark.parametrize(
    "value", [b"", b"\xff\xfe", b"[1]", b"[" * 100_000, b'{"algorithm_owner": 3}', b"{}", b'{"a":' * 50_000]
)
def test_what_another_producer_sent_is_told_as_it_is(value: bytes) -> None:
    one = tailed(Seen(-5, "", value, b"\xff", 0, 0), values=True)
    assert one.algorithm is None
    assert one.size == len(value)
    assert msgspec.json.encode(one)


def test_a_long_value_is_cut_and_says_so() -> None:
    for text in ("x" * (MAX_VALUE + 1), "\U0001f600" * (MAX_VALUE + 1)):
        one = tailed(Seen(2**62, "", text.encode()), values=True)
        assert one.value_cut
        assert one.value == text[:MAX_VALUE]
    whole = tailed(Seen(0, "", b"x" * MAX_VALUE), values=True)
    assert not whole.value_cut


def test_a_ring_keeps_the_newest_and_counts_the_rest() -> None:
    ring = Ring(3)
    ring.add((seen(number) for number in range(5)), skipped=10)
    assert ring.take() == ([seen(2), seen(3), seen(4)], 12)
    assert ring.take() == ([], 0)


def test_a_ring_is_bounded_in_bytes_too() -> None:
    ring = Ring(100, max_bytes=1_000)
    ring.add(seen(number, b"x" * 400) for number in range(5))
    assert len(ring) == 2
    ring.add([seen(9, b"x" * 5_000)])
    taken, skipped = ring.take()
    assert ([each.at_ms for each in taken], skipped) == ([9], 5)
    ring.add([seen(10, b"x" * 900)])
    assert len(ring) == 1


async def test_the_last_accepted_are_kept_for_whoever_looks_next() -> None:
    tail = AcceptedTail()
    tail.add([draft(number) for number in range(3 * KEPT)])
    tail.add([Draft(ID, b"{}")])
    newest = tail.newest(2)
    assert [each.id for each in newest] == [f"id-{3 * KEPT - 1}", ID]
    assert newest[1].at_ms == 0x0193548E3B00  # a UUIDv7 holds the time
    assert newest[0].at_ms == 0
    assert len(tail.newest(10 * KEPT)) == KEPT
    assert tail.newest(0) == []


async def test_whoever_follows_gets_what_comes_and_is_forgotten_afterwards() -> None:
    tail = AcceptedTail()
    tail.add([draft(0)])
    rounds = tail.follow(TailAsked("accepted", count=5, follow=True, per_s=10))
    assert [each.id for each in (await anext(rounds))[0]] == ["id-0"]
    following = asyncio.ensure_future(anext(rounds))
    await asyncio.sleep(0)
    tail.add([draft(number) for number in range(1, 31)])
    payloads, skipped = await following
    assert [each.id for each in payloads] == [f"id-{number}" for number in range(21, 31)]
    assert skipped == 20
    assert tail._followers
    await rounds.aclose()
    assert not tail._followers
