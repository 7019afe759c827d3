"""The ledger and the book: every payload in one place, settled once, whatever happens in whatever order."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_tui.delivery.batch import Batch, Landing
from insights_tui.delivery.book import Book, partition_of
from insights_tui.delivery.ledger import Ledger, LedgerError, Place
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Counts


def test_a_move_out_of_nothing_or_out_of_the_end_is_refused() -> None:
    ledger = Ledger()
    ledger.accept(2)
    with pytest.raises(LedgerError):
        ledger.move(3, Place.QUEUED, Place.IN_FLIGHT)
    ledger.move(2, Place.QUEUED, Place.EXPIRED_UNSENT)
    with pytest.raises(LedgerError):
        ledger.move(1, Place.EXPIRED_UNSENT, Place.QUEUED)
    assert ledger.counts() == Counts(accepted=2, expired_unsent=2)


def test_recovered_counts_must_add_up() -> None:
    assert Ledger(Counts(accepted=5, queued=3, delivered=2)).pending == 3
    with pytest.raises(LedgerError):
        Ledger(Counts(accepted=5, queued=3))


def test_a_key_goes_where_the_java_client_puts_it() -> None:
    # org.apache.kafka.common.utils.UtilsTest.testMurmur2 and BuiltInPartitioner
    assert partition_of(b"21", 100) == (-973932308 & 0x7FFFFFFF) % 100
    assert partition_of(b"foobar", 100) == (-790332482 & 0x7FFFFFFF) % 100


class Model:
    """A book with a clock that the test moves, and everything that it settled."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.settled: dict[int, Outcome] = {}
        self.late: list[int] = []
        self.doubted: set[int] = set()
        self.now = 0.0
        self.seq = 0
        self.refusable: set[int] = set()
        self.deadlines: dict[int, float] = {}
        self.frozen: dict[Batch, list[int]] = {}
        self.book = Book(
            self.ledger,
            settle=self.settle,
            late=lambda payloads: self.late.extend(payload.seq for payload in payloads),
            doubt=lambda payloads: self.doubted.update(payload.seq for payload in payloads),
            why=lambda _: "why",
            window=1,
        )

    def settle(
        self, payloads: Sequence[Payload], outcome: Outcome, reason: str, landing: Landing | None = None
    ) -> None:
        for payload in payloads:
            assert payload.seq not in self.settled, "settled twice"
            self.settled[payload.seq] = outcome
            if outcome in (Outcome.EXPIRED_UNKNOWN, Outcome.EXPIRED_UNSENT):
                assert self.deadlines[payload.seq] <= self.now, "expired early"
                assert outcome is Outcome.EXPIRED_UNKNOWN or payload.seq not in self.doubted, "doubt must stick"
                assert "deadline" in reason

    def add(self, count: int, lifetime: float, key: bytes | None) -> None:
        payloads = []
        for _ in range(count):
            self.seq += 1
            self.deadlines[self.seq] = self.now + lifetime
            payloads.append(Payload(self.seq, f"{self.seq}", b"x" * 10, key, 0, self.now + lifetime))
        self.ledger.accept(count)
        self.book.add(payloads)

    def happen(self, event: tuple[Any, ...]) -> None:
        kind, *arguments = event
        if kind in ("ack", "fail", "refuse", "freeze"):
            flying = list(self.book.in_flight)
            if flying:
                getattr(self, kind)(flying[arguments[0] % len(flying)], *arguments[1:])
        else:
            getattr(self, kind)(*arguments)

    def ack(self, batch: Batch) -> None:
        self.book.acked(batch, Landing("t", 0, 7))

    def fail(self, batch: Batch, doubt: bool) -> None:
        self.book.failed(batch, in_doubt=doubt)

    def freeze(self, batch: Batch, partition: int, doubt: bool) -> None:
        records = [payload.seq for payload in batch.payloads]
        free = not self.book.frozen_at(partition) and bool(batch.open)
        self.book.freeze(batch, partition, in_doubt=doubt)
        if free:
            assert [payload.seq for payload in batch.payloads] == records, "a frozen batch must not change"
            self.frozen[batch] = records

    def thaw(self) -> None:
        self.book.thaw()

    def refuse(self, batch: Batch) -> None:
        self.book.refused(batch, "too large")

    def cut(self, partition: int, size: int) -> None:
        batch = self.book.cut(partition, max_bytes=size, max_payloads=600, now=self.now, margin_s=0.1)
        if batch is not None:
            if batch in self.frozen:
                assert [payload.seq for payload in batch.payloads] == self.frozen[batch]
                assert batch.open
            else:
                assert all(payload.deadline > self.now + 0.1 for payload in batch.open)
            deadlines = [payload.deadline for payload in batch.payloads]
            assert deadlines == sorted(deadlines)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def sweep(self) -> None:
        self.book.sweep(self.now)
        assert self.book.deadline is None or self.book.deadline > self.now

    def route(self, partitions: int) -> None:
        self.book.route(partitions)

    def check(self) -> None:
        counts = self.ledger.counts()
        assert counts.balanced
        assert counts.accepted == self.seq
        assert self.book.sizes() == {place: self.ledger.at(place) for place in self.book.sizes()}
        assert counts.pending == self.seq - len(self.settled)
        assert self.book.bytes == 10 * counts.pending
        outcomes = Counter(self.settled.values())
        for outcome in Outcome:
            assert getattr(counts, outcome.value) == outcomes[outcome]


EVENT = st.one_of(
    st.tuples(
        st.just("add"), st.integers(1, 1200), st.sampled_from([1.0, 5.0, 0.5]), st.sampled_from([None, b"a", b"b"])
    ),
    st.tuples(st.just("cut"), st.integers(0, 3), st.sampled_from([1, 555, 100_000])),
    st.tuples(st.just("ack"), st.integers(0, 9)),
    st.tuples(st.just("fail"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("freeze"), st.integers(0, 9), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("thaw")),
    st.tuples(st.just("refuse"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.4, 3.0])),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("route"), st.integers(1, 4)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENT, max_size=40))
def test_the_equation_holds_at_every_instant(events: list[tuple[Any, ...]]) -> None:
    model = Model()
    for event in events:
        model.happen(event)
        model.check()
    model.now += 100
    model.book.sweep(model.now)
    for batch in list(model.book.in_flight):
        model.book.acked(batch)
    model.check()
    assert len(model.settled) == model.seq
    assert not model.book.has_pending
