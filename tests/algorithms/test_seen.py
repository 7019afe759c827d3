"""What is seen of a version: folded in columns or one by one it is the same; what changes is told once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from insights_tui.agent.algorithms.seen import MAX_METRICS, Change, Seen
from insights_tui.domain.algorithms import SeenMetric
from insights_tui.domain.report import Names, read_report
from tests.spool.machine import FakeClock

NAMES = Names("acme", "score", "1.0.6")


def seen() -> Seen:
    return Seen(NAMES, on=True, decided_by="default")


def told(one: Seen, clock: FakeClock) -> dict[str, SeenMetric]:
    return {metric.name: metric for metric in one.told(clock.now(), metrics=True).metrics}


def fold(one: Seen, clock: FakeClock, *reports: Any) -> list[Change]:
    one.waiting = [read_report(report) for report in reports]
    return one.fold(clock.now())


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5) | st.floats(-9, 9) | st.booleans(), max_size=3),
        max_size=30,
    ),
    st.integers(1, 10),
)
def test_the_range_of_a_metric_is_exact_however_it_is_folded(reports: list[dict[str, Any]], step: int) -> None:
    clock, one = FakeClock(), seen()
    for start in range(0, len(reports), step):
        fold(one, clock, *reports[start : start + step])
    metrics = told(one, clock)
    assert one.payloads == len(reports)
    for name in "abc":
        values = [report[name] for report in reports if name in report]
        assert (name in metrics) is bool(values)
        if values:
            metric = metrics[name]
            assert (metric.min, metric.max, metric.count) == (min(values), max(values), len(values))
            assert metric.last == values[-1]


def test_a_metric_that_stops_and_comes_again_is_told_once_each() -> None:
    clock, one = FakeClock(), seen()
    both, rare = {"a": 1, "b": 1}, {"a": 1, "rare": 1}
    for _ in range(20):
        assert fold(one, clock, both) == []
        clock.sleep(1)
    assert fold(one, clock, rare) == []
    for _ in range(58):
        clock.sleep(1)
        assert fold(one, clock, {"a": 1}) == [], "a minute is not over"
    clock.sleep(2)
    assert fold(one, clock, {"a": 1}) == [Change("b", "stopped")]
    clock.sleep(100)
    assert fold(one, clock, {"a": 1}) == []
    assert told(one, clock)["b"].stopped
    assert not told(one, clock)["rare"].stopped, "one that came once is no habit"
    assert fold(one, clock, both) == [Change("b", "back")]


def test_one_that_comes_rarely_but_regularly_has_not_stopped() -> None:
    clock, one = FakeClock(), seen()
    for number in range(2000):
        clock.sleep(1)
        assert fold(one, clock, {"a": 1, "b": 1} if number % 50 == 0 else {"a": 1}) == []


def test_a_change_of_type_is_told_once_each_way() -> None:
    clock, one = FakeClock(), seen()
    assert fold(one, clock, {"a": 1}, {"a": 1.5}) == [], "whole or not, both are numbers"
    assert fold(one, clock, {"a": "2"}) == [Change("a", "text", "number")]
    assert fold(one, clock, {"a": True}) == [Change("a", "boolean", "text")]
    assert fold(one, clock, {"a": None}) == [Change("a", "dropped", "boolean")]
    assert fold(one, clock, {"a": [3]}) == [Change("a", "list", "dropped")]
    assert fold(one, clock, {"a": 1}) == [Change("a", "number", "list")]
    assert fold(one, clock, {"a": "2"}, {"a": 1}) == [Change("a", "number", "text")]
    assert fold(one, clock, {"a": "2"}) == [], "to and fro is told of once"
    assert told(one, clock)["a"].kind == "text"


def test_hostile_names_are_bounded() -> None:
    clock, one = FakeClock(), seen()
    for number in range(MAX_METRICS * 3):
        fold(one, clock, {f"{number}": 1, "x" * 1000 + str(number): 1})
    algorithm = one.told(clock.now(), metrics=True)
    assert algorithm.metric_count == len(algorithm.metrics) == MAX_METRICS
    assert max(len(metric.name) for metric in algorithm.metrics) <= 200
    assert algorithm.metrics_beyond > 0
    fold(one, clock, {"": 1, "time": 1})
    assert "time" not in told(one, clock), "a reserved name is no metric"


def test_the_rate_rises_and_falls() -> None:
    clock, one = FakeClock(), seen()
    for _ in range(60):
        clock.sleep(1)
        fold(one, clock, *[{"a": 1}] * 20)
    assert 19 < one.rate(clock.now()) < 22
    clock.sleep(60)
    assert one.rate(clock.now()) < 0.1


def test_what_an_earlier_process_knew_is_added() -> None:
    clock, old, new = FakeClock(), seen(), seen()
    fold(old, clock, {"a": -5, "gone": 3}, {"a": 2})
    clock.sleep(10)
    fold(new, clock, {"a": 1, "new": 9})
    new.add(old.told(clock.now(), metrics=True))
    algorithm = new.told(clock.now(), metrics=True)
    assert (algorithm.payloads, algorithm.first_at) == (3, old.told(clock.now(), metrics=False).first_at)
    metrics = told(new, clock)
    assert {name: (one.last, one.min, one.max, one.count) for name, one in metrics.items()} == {
        "a": (1, -5, 2, 3),
        "gone": (3, 3, 3, 1),
        "new": (9, 9, 9, 1),
    }
