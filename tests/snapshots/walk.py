"""The walk past every screen that is committed: views in states, then dialogs and the form."""

from collections.abc import AsyncIterator, Callable, Mapping

from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.views.registry import VIEWS
from tests.snapshots import dialogs, wire
from tests.snapshots.stage import Size, Stage, stage
from tests.snapshots.states import CIRCUMSTANCES, Circumstance

SIZES: tuple[Size, ...] = ((80, 24), (120, 40), (200, 60))
BETWEEN: tuple[Size, ...] = ((46, 12), (60, 16), (72, 20), (100, 30), (150, 42))
"""Where layouts squeeze; for the page that people are woken for, in the states they are woken for."""
SQUEEZED = ("none-waiting", "connected", "degraded", "lost", "refusing", "lost-in-parts", "stale-auth-failed")
FOREIGN = ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY")
"""What of the surroundings would change a frame: a committed one is of a local terminal with all its colours."""
FIRST = VIEWS[0].name
Walked = tuple[str, Stage]
"""The name of a frame, and the stage that shows it."""
Walk = AsyncIterator[Walked]
Wanted = Callable[[str], bool]
"""Tells by its name whether a frame is to be shown."""


def always(_name: str) -> bool:
    return True


def states(fixtures: Mapping[str, Snapshot]) -> dict[str, Circumstance]:
    """Name every state, recordings too."""
    recorded = {name: Circumstance(name) for name in fixtures if name.startswith(wire.RECORDED)}
    return {**CIRCUMSTANCES, **recorded}


def of_size(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def expected(fixtures: Mapping[str, Snapshot]) -> set[str]:
    """Name every frame that must be there."""
    found = {f"{of_size(size)}/{view.name}-{state}" for size in SIZES for view in VIEWS for state in states(fixtures)}
    found |= {f"{of_size(size)}/{FIRST}-{state}" for size in BETWEEN for state in SQUEEZED}
    found |= {f"{of_size(size)}/{name}" for size in SIZES for name in scenes(size)}
    return found


def scenes(size: Size) -> dict[str, tuple[str, dialogs.Play]]:
    """Choose what is opened at a size."""
    return {name: scene for name, scene in dialogs.SCENES.items() if size != SIZES[-1] or name in dialogs.LAID_OUT}


async def views(size: Size, view: str, fixtures: Mapping[str, Snapshot], wanted: Wanted = always) -> Walk:
    """Show one view in every state."""
    names = {f"{of_size(size)}/{view}-{state}": state for state in (SQUEEZED if size in BETWEEN else states(fixtures))}
    if not any(map(wanted, names)):
        return
    async with stage(fixtures["connected"], size) as seated:
        await seated.open_view(view)
        for name, state in names.items():
            if wanted(name):
                await seated.show(states(fixtures)[state].of(fixtures))
                yield name, seated


async def others(size: Size, fixtures: Mapping[str, Snapshot], wanted: Wanted = always) -> Walk:
    """Show dialogs, and what keys make of a view."""
    for scene, (state, play) in scenes(size).items():
        name = f"{of_size(size)}/{scene}"
        if wanted(name):
            snapshot = states(fixtures)[state].of(fixtures).snapshot
            async with stage(snapshot or fixtures[state], size) as seated:
                await play(seated)
                yield name, seated


async def everything(fixtures: Mapping[str, Snapshot], wanted: Wanted = always) -> Walk:
    """Show every screen there is, or those that are wanted."""
    for size in SIZES:
        for view in VIEWS:
            async for walked in views(size, view.name, fixtures, wanted):
                yield walked
        async for walked in others(size, fixtures, wanted):
            yield walked
    for size in BETWEEN:
        async for walked in views(size, FIRST, fixtures, wanted):
            yield walked
