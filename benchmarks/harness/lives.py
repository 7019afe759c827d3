"""How each life of the agent ends: at a random instant, while it starts, or at a named point in its code."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.harness.agent import Agent

POINTS: dict[str, int] = {
    "before_commit": 40,
    "after_commit": 40,
    "before_send": 40,
    "after_ack_before_delete": 40,
    "paging": 6,
    "checkpoint": 3,
    "folding": 2,
    "folded": 2,
}
"""Crash points (`insights_tui/spool/crash.py`) and the most times that one is let pass; migration has no place here."""
START_S = 1.2
"""About as long as it takes to start: kills at a random instant of it."""
_KEPT = 10
REACH_S = 4.0
"""Seconds in which a crash point must be met; then the life ends at a random instant after all."""


@dataclass(frozen=True, slots=True)
class Life:
    """One life as planned."""

    crash_at: str | None = None
    """`name:n`."""
    starting_s: float | None = None
    """Killed that long after its start, ready or not."""
    load: int = 0
    """Killed once that many payloads of this life were posted, whatever crash point is armed."""
    jitter_s: float = 0.0
    """… and that much later."""


def plan(rng: random.Random, mean_load: int, points: dict[str, int]) -> Life:
    """Choose an end: a third at named points, one in twelve while it starts, the others under load."""
    dice = rng.random()
    if dice < 1 / 3 and points:
        name = rng.choice(sorted(points))
        return Life(crash_at=f"{name}:{rng.randint(1, points[name])}", load=3 * mean_load)
    if dice > 11 / 12:
        return Life(starting_s=rng.uniform(0.05, START_S))
    return Life(load=round(rng.uniform(0, 2) * mean_load), jitter_s=rng.uniform(0, 0.05))


@dataclass
class Ends:
    """How the lives ended."""

    random: int = 0
    starting: int = 0
    points: Counter[str] = field(default_factory=Counter)
    unmet: Counter[str] = field(default_factory=Counter)
    """Crash points that were armed and not passed often enough; these lives ended at a random instant."""
    by_itself: list[str] = field(default_factory=list)
    """Ends that nobody ordered: exit code and log."""
    slowest_start_s: float = 0.0

    @property
    def kills(self) -> int:
        """All of them."""
        return self.random + self.starting + self.points.total()


def live(agent: Agent, life: Life, ends: Ends, posted: Callable[[], int], ready: Callable[[bool], None]) -> None:
    """Run one life to its end; `posted` counts payloads, `ready` opens and closes the load."""
    began = agent.launch(life.crash_at)
    if life.starting_s is not None:
        ready(True)
        time.sleep(life.starting_s)
        _kill(agent, ends)
        ends.starting += 1
        return
    listening = agent.wait_listening()
    ends.slowest_start_s = max(ends.slowest_start_s, time.monotonic() - began)
    before = posted()
    ready(True)
    limit = time.monotonic() + REACH_S
    while agent.alive and listening:
        if posted() - before >= life.load:
            break
        if time.monotonic() > limit:  # a full backlog, or a point that is not met
            break
        time.sleep(0.002)
    if life.crash_at is not None:
        name = life.crash_at.partition(":")[0]
        died = not agent.alive
        if _kill(agent, ends) and died:
            ends.points[name] += 1
        else:
            ends.unmet[name] += 1
            ends.random += not died
        return
    time.sleep(life.jitter_s)
    _kill(agent, ends)
    ends.random += 1


def _kill(agent: Agent, ends: Ends) -> bool:
    """End it; tell whether it was a SIGKILL that ended it, ours or its own."""
    code = agent.end()
    if code != -signal.SIGKILL and len(ends.by_itself) < _KEPT:
        ends.by_itself.append(f"exit code {code}: {agent.log_tail(5)}")
    return code == -signal.SIGKILL
