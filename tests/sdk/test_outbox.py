"""The bounded queue."""

import signal
import threading
import time

from insights_tui.sdk.outbox import Item, Outbox


def item(number: int, path: str = "/v1/payloads", size: int = 10) -> Item:
    return Item(float(number), path, b"%0*d" % (size, number))


def numbers(items: list[Item]) -> list[int]:
    return [int(each.body) for each in items]


def test_the_oldest_goes_where_there_is_no_room() -> None:
    box = Outbox(3, 1000)
    for number in range(5):
        box.put(item(number))
    assert (box.taken, len(box), box.overflowed) == (5, 3, 2)
    assert numbers(box.take(10, 1000)) == [2, 3, 4]


def test_bytes_are_bounded_too_and_one_item_always_fits() -> None:
    box = Outbox(100, 25)
    for number in range(5):
        box.put(item(number))
    assert numbers(box.take(10, 1000)) == [3, 4]
    box.put(item(9, size=100))
    assert numbers(box.take(10, 10)) == [9]


def test_a_batch_is_bounded_and_goes_one_way() -> None:
    box = Outbox(100, 10_000)
    for number, path in enumerate(["a", "a", "b", "b", "b"]):
        box.put(item(number, path))
    assert numbers(box.take(10, 1000)) == [0, 1]
    assert numbers(box.take(2, 1000)) == [2, 3]
    assert numbers(box.take(10, 5)) == [4]
    assert box.take(10, 1000) == []


def test_what_is_old_is_dropped_from_the_front() -> None:
    box = Outbox(100, 10_000)
    for number in range(4):
        box.put(item(number))
    assert numbers(list(box.drop_while(lambda each: each.born < 2))) == [0, 1]
    assert len(box) == 2


def test_put_never_waits_for_the_lock_and_loses_nothing() -> None:
    box = Outbox(100, 10_000)
    box._lock.acquire()
    other = threading.Thread(target=box.put, args=(item(1),))
    other.start()
    other.join(10)
    assert not other.is_alive()
    assert box.taken == len(box) == 1
    box._lock.release()
    box.put(item(2))
    assert sorted(numbers(box.take(10, 1000))) == [1, 2]
    assert box.taken == 2


def test_a_signal_handler_may_put_while_its_thread_does() -> None:
    box = Outbox(1_000_000, 1 << 40)
    handled = 0

    def handler(_number: int, _frame: object) -> None:
        nonlocal handled
        handled += 1
        box.put(item(handled))

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    put = 0
    end = time.monotonic() + 20
    try:
        while handled < 50 and time.monotonic() < end:
            box.put(item(put))
            put += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert handled >= 50
    assert box.taken == len(box) == put + handled


def test_many_threads_lose_nothing() -> None:
    box = Outbox(1_000_000, 1 << 40)
    seen: list[Item] = []

    def put() -> None:
        for number in range(500):
            box.put(item(number))

    putting = [threading.Thread(target=put) for _ in range(8)]
    for thread in putting:
        thread.start()
    while any(thread.is_alive() for thread in putting):
        seen += box.take(100, 10_000)
    while left := box.take(100, 10_000):
        seen += left
    assert len(seen) == box.taken == 4000
    assert len(box) == 0
