"""What may go into a payload; the agent's own reader is the judge of what it makes of it."""

import http
import json
import uuid
from collections import UserDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain import report as agents
from insights_tui.sdk import values
from insights_tui.sdk.address import Names
from insights_tui.sdk.executions import merge
from insights_tui.sdk.line import new_id, payload, write


class Broken:
    def __float__(self) -> float:
        raise RuntimeError("foreign code")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (1, 1), (0.5, 0.5), (True, 1), (False, 0), (http.HTTPStatus.OK, 200), (Decimal("1.5"), 1.5),
        (Fraction(1, 4), 0.25), ("4", "4"), (2**70, 2**70),
        (float("nan"), None), (float("inf"), None), (Decimal("NaN"), None), (2**1023, None), (None, None),
        ([1], None), ({"a": 1}, None), ("x" * 65, None), ("\ud800", None), (1j, None),
    ],
)  # fmt: skip
def test_a_value(raw: object, value: object) -> None:
    assert values.value_of(raw) == value
    assert type(values.value_of(raw)) is type(value)


@pytest.mark.parametrize("name", ["", "time", "request_id", "timestamp", "\ud800", "x" * 25_601, 4, None])
def test_a_name_that_cannot_be(name: object) -> None:
    assert not values.readable(name)


def test_the_limits_are_the_agents() -> None:
    assert (values.MAX_METRICS, values.MAX_METRIC_BYTES) == (agents.MAX_METRICS, agents.MAX_METRIC_BYTES)
    assert values.RESERVED == agents.RESERVED


def test_the_first_25_names_stay_and_their_last_values() -> None:
    into: dict[str, values.Value] = {}
    assert merge(into, {f"m{n}": n for n in range(30)}, {}) == 5
    assert merge(into, None, {"m3": 33, "more": 1}) == 1
    assert len(into) == 25
    assert into["m3"] == 33


def test_foreign_code_that_raises_costs_its_metric_only() -> None:
    class Bad(UserDict[str, int]):
        def __getitem__(self, name: str) -> int:
            raise RuntimeError("foreign code")

    into: dict[str, values.Value] = {}
    assert merge(into, {"broken": Broken(), "good": 1}, {}) == 1
    assert into == {"good": 1}
    assert merge(into, Bad(a=1), {}) == 1
    assert merge(into, 5, {}) == 1  # type: ignore[arg-type]  # what an author may do all the same


@given(
    st.dictionaries(
        st.text(max_size=40) | st.text(st.characters(categories=["Cs", "Ll"]), max_size=5) | st.just("x" * 6000),
        st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=70) | st.integers(2**1000, 2**1030),
        max_size=40,
    )
)
def test_whatever_is_reported_the_agent_never_refuses_it(reported: dict[str, Any]) -> None:
    """A batch is all or nothing: one payload that the agent refuses would take 249 others with it."""
    into: dict[str, values.Value] = {}
    dropped = merge(into, reported, {})
    inside, cut = write(into)
    kept = json.loads(f"{{{inside}}}")
    assert dropped + cut + len(kept) == len(reported)
    read = agents.read_payload(agents.decode(payload(inside, "req-1", 'mine"\\é', Names("a", "b é", "c"), 0.5)))
    assert read.given["session_id"] == 'mine"\\é'
    assert read.given["algorithm_name"] == "b é"
    assert read.given["duration_milliseconds"] == 0.5
    strings = {name for name, value in kept.items() if isinstance(value, str)}
    assert {drop.name for drop in read.dropped} <= strings
    assert kept == {name: into[name] for name in kept}
    assert {name: value for name, value in kept.items() if name not in strings}.items() <= read.metrics.items()


def test_ids_are_version_4_and_no_two_the_same() -> None:
    ids = [new_id("req-", 1) for _ in range(1000)] + [new_id("req-", 2) for _ in range(1000)]
    assert len(set(ids)) == 2000
    assert {(uuid.UUID(each[4:]).version, uuid.UUID(each[4:]).variant) for each in ids} == {(4, uuid.RFC_4122)}
