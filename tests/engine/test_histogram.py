"""Latency: what the batch-wise histogram tells is what sorting every single latency tells, within its buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.delivery.histogram import LatencyHistogram
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Latency


def acked(latencies: list[float], now: float) -> list[Payload]:
    return [
        Payload(seq, "", b"", None, 0, now + 240.0 - latency) for seq, latency in enumerate(sorted(latencies)[::-1])
    ]


@given(st.lists(st.lists(st.floats(0.0002, 500.0), min_size=1, max_size=50), min_size=1, max_size=8))
def test_quantiles_are_within_a_bucket_of_the_truth(batches: list[list[float]]) -> None:
    histogram = LatencyHistogram()
    for batch in batches:
        histogram.record(acked(batch, 1000.0), 240.0, 1000.0)
    everything = sorted(latency for batch in batches for latency in batch)
    told = histogram.latency(1000.0)
    assert told.p50 is not None
    assert told.p99 is not None
    median = everything[(len(everything) + 1) // 2 - 1]
    assert median * 0.999 <= told.p50 <= median * 1.1
    assert told.p50 <= told.p99
    assert told.max is not None
    assert abs(told.max - everything[-1]) < 1e-6


def test_a_minute_later_nothing_is_left() -> None:
    histogram = LatencyHistogram()
    histogram.record(acked([0.5, 1.0], 100.2), 240.0, 100.2)
    assert histogram.last_second(101.0).p50 is not None
    assert histogram.last_second(102.0) == Latency()
    assert histogram.latency(159.9).max == 1.0
    assert histogram.latency(161.0) == Latency()


@given(st.lists(st.lists(st.floats(0.0002, 1500.0), min_size=1, max_size=50), min_size=1, max_size=8))
def test_what_is_kept_for_ever_counts_each_latency_under_its_bound(batches: list[list[float]]) -> None:
    histogram = LatencyHistogram()
    for second, batch in enumerate(batches):
        histogram.record(acked(batch, 1000.0 + 100 * second), 240.0, 1000.0 + 100 * second)
    everything = [latency for batch in batches for latency in batch]
    told = histogram.latencies()
    assert told.count == len(everything)
    for bound, at_most in zip(told.bounds_s, told.at_most, strict=True):
        assert sum(latency < bound - 1e-6 for latency in everything) <= at_most
        assert at_most <= sum(latency < bound + 1e-6 for latency in everything)
    assert told.sum_s == pytest.approx(sum(everything), rel=0.05, abs=1e-6)


def test_the_bounds_are_round_and_reach_beyond_the_deadline() -> None:
    bounds = LatencyHistogram().latencies().bounds_s
    assert [str(bound) for bound in bounds[:4]] == ["0.0008", "0.0016", "0.0032", "0.0064"]
    assert len(bounds) == 20
    assert bounds[-1] > 240.0
