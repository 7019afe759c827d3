"""The queue's line: order is kept through packing, and nothing is lost in it."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from insights_tui.delivery.line import PACK, RECORD_BYTES, Line, Lines
from insights_tui.domain.payload import Payload


def payloads(first: int, count: int, deadline: Callable[[int], float] = float) -> list[Payload]:
    return [
        Payload(seq, f"id-{seq}", b"v%d" % seq, b"k" if seq % 3 == 0 else None, 5, deadline(seq), seq % 2 == 0)
        for seq in range(first, first + count)
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3 * PACK)), max_size=30))
def test_what_goes_in_comes_out_in_order_and_unchanged(steps: list[tuple[bool, int]]) -> None:
    line = Line(window=1)
    put = payloads(1, sum(count for adds, count in steps if adds))
    added, got = 0, []
    for adds, count in steps:
        if adds:
            line.extend(put[added : added + count])
            added += count
        else:
            some, size = line.take(10**9, count)
            assert size == sum(len(payload.value) for payload in some)
            got += some
        assert len(line) == added - len(got)
        assert list(line) == put[len(got) : added]
        assert line.deadline == (put[len(got)].deadline if len(line) else None)
    got += line.take_before(float("inf"))
    assert got == put
    assert all(type(payload) is Payload for payload in got)


def test_a_batch_ends_near_its_size_whatever_the_sizes_are() -> None:
    line = Line(window=100_000)
    sizes = [20, 5000, 20, 20, 25_000] * 400
    line.extend([Payload(seq, "", b"x" * size, None, 0, 1.0) for seq, size in enumerate(sizes)])
    while len(line) > 100:
        some, size = line.take(100_000, 10_000)
        used = size + RECORD_BYTES * len(some)
        assert 100_000 <= used <= 100_000 + 25_000 * 8, (len(some), size)


def test_payloads_with_an_earlier_deadline_than_those_before_them_find_a_line_of_their_own() -> None:
    lines = Lines(window=1)
    lines.extend(payloads(1, 10, lambda _: 100.0))
    lines.extend(payloads(11, 5, lambda _: 50.0))
    lines.extend(payloads(16, 5, lambda _: 100.0))
    assert lines.deadline == 50.0
    assert [payload.seq for payload in lines.take_before(50.0)] == [11, 12, 13, 14, 15]
    assert len(lines) == 15
    assert [payload.seq for payload in lines.take(10**9, 100)[0]] == [*range(1, 11), *range(16, 21)]
