"""A terminal that is resized while it runs ends with the page that one opened in that size has."""

from itertools import pairwise, permutations

import pytest

from insights_tui.domain.snapshot import Snapshot
from tests.tui import samples
from tests.tui.driving import Desk, desk

SIZES = ((50, 14), (80, 24), (120, 40), (200, 60))


def walk() -> list[tuple[int, int]]:
    """Go from each size to each other one."""
    left, path = set(permutations(SIZES, 2)), [SIZES[0]]
    while left:
        onward = [step for step in sorted(left) if step[0] == path[-1]]
        step = onward[-1] if onward else (path[-1], min(left)[0])
        left.discard(step)
        path.append(step[1])
    return path


def page(seated: Desk) -> list[str]:
    """Everything below the first row, which tells the time."""
    return seated.lines()[1:]


async def _fresh(snapshot: Snapshot, size: tuple[int, int], view: str) -> list[str]:
    async with desk(snapshot, size) as seated:
        seated.agent.moves = True
        await seated.press(view)
        await seated.pilot.pause(0.1)
        return page(seated)


def test_the_walk_has_every_step() -> None:
    assert set(pairwise(walk())) >= set(permutations(SIZES, 2))


@pytest.mark.parametrize("view", ["1", "2"])
@pytest.mark.parametrize("snapshot", [samples.CONNECTED, samples.LOST], ids=["connected", "lost"])
async def test_a_resized_page_is_that_of_its_size(snapshot: Snapshot, view: str) -> None:
    wanted = {size: await _fresh(snapshot, size, view) for size in SIZES}
    first, *sizes = walk()
    async with desk(snapshot, first) as seated:
        seated.agent.moves = True  # else `STALE` comes into it
        await seated.press(view)
        before = first
        for size in sizes:
            await seated.pilot.resize_terminal(*size)
            await seated.until(
                lambda size=size: page(seated) == wanted[size],  # type: ignore[misc]  # bound to this turn
                f"{size} after {before}:\n" + "\n".join(wanted[size]) + "\nbut",
            )
            before = size
