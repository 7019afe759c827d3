"""Every screen looks as it is committed; no view, state or size is without a frame."""

import difflib
from collections.abc import AsyncIterator

import msgspec
import pytest

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import State
from insights_tui.tui.views.registry import VIEWS
from tests.snapshots import walk, wire
from tests.snapshots.stage import Size
from tests.snapshots.states import MADE_UP
from tests.snapshots.update import FRAMES
from tests.tui.samples import STATES

AGAIN = "If it is meant to look so: python -m tests.snapshots.update, then read git diff tests/snapshots."
_SHOWN = 5
"""Frames whose difference is printed; of a change of the status row all would be."""
PAGES = [(size, view.name) for size in walk.SIZES for view in VIEWS] + [(size, walk.FIRST) for size in walk.BETWEEN]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in walk.FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("size", "view"), PAGES, ids=lambda one: one if isinstance(one, str) else walk.of_size(one))
async def test_a_view_looks_as_committed_in_every_state(size: Size, view: str) -> None:
    await _compare(walk.views(size, view, wire.read()))


@pytest.mark.parametrize("size", walk.SIZES, ids=walk.of_size)
async def test_what_keys_open_looks_as_committed(size: Size) -> None:
    await _compare(walk.others(size, wire.read()))


def test_every_view_state_and_size_has_its_frame_and_no_frame_is_left_over() -> None:
    there = {str(path.relative_to(FRAMES).with_suffix("")) for path in FRAMES.rglob("*.txt")}
    assert there == walk.expected(wire.read()), AGAIN


def test_the_fixtures_are_what_the_agent_sends_today() -> None:
    for name, snapshot in wire.read().items():
        kept = (wire.FOLDER / f"{name}.json").read_bytes()
        assert msgspec.json.decode(kept) == msgspec.json.decode(wire.write(snapshot)), f"{name}.json: {AGAIN}"
    assert {name: wire.write(snapshot) for name, snapshot in MADE_UP.items()} == {
        name: wire.write(snapshot) for name, snapshot in wire.read().items() if not name.startswith(wire.RECORDED)
    }, AGAIN


def test_no_state_of_the_agent_is_left_out() -> None:
    fixtures = wire.read()
    assert {one.state for one in fixtures.values()} == set(State)
    assert {one.agent.mode for one in fixtures.values()} == {"service", "embedded", "demo"}
    assert {one.refusing for one in fixtures.values()} >= {None, Refusal.QUEUE_FULL, Refusal.DISK_FULL}
    assert set(STATES) <= set(fixtures)


async def _compare(walked: AsyncIterator[walk.Walked]) -> None:
    differing = []
    async for name, seated in walked:
        path = FRAMES / f"{name}.txt"
        kept = path.read_text() if path.exists() else ""
        shown = seated.text()
        if shown != kept:
            lines = difflib.unified_diff(kept.splitlines(), shown.splitlines(), f"{name} (kept)", f"{name} (now)", n=1)
            differing.append("\n".join(line.rstrip() for line in lines))
    if differing:
        more = f"\n... and {len(differing) - _SHOWN} more frames" if len(differing) > _SHOWN else ""
        pytest.fail("\n".join([*differing[:_SHOWN], more, AGAIN]), pytrace=False)
