"""No verb: the interface, attached to the agent that is meant, or with one of its own where there is none."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from insights_tui.cli import collector, exits
from insights_tui.cli.agent import forbid_core_dumps
from insights_tui.cli.habits import checked, habits_of
from insights_tui.cli.hangup import ATTACHED_S, ORDERLY_S, HangupGuard
from insights_tui.cli.logs import log_to_file
from insights_tui.cli.options import THEMES, Common, Look
from insights_tui.cli.output import CliError
from insights_tui.cli.reach import find, settings_of
from insights_tui.places import places

if TYPE_CHECKING:
    from insights_tui.agent.embedded import EmbeddedAgent

STARTED_S = 1.5
"""Seconds after which everything that the interface needs is loaded."""
GRACE_S = 2.0
"""Seconds that an agent of our own has to deliver what is pending when the screen goes."""
RACE_S = 5.0
"""Seconds to wait for the socket of an agent that was quicker than ours."""


@dataclass(frozen=True, slots=True)
class Attached:
    """The agent behind the screen: its socket, and itself where it is ours."""

    socket: Path
    others: tuple[Path, ...] = ()
    """Sockets of further agents that the screen may be switched to."""
    embedded: "EmbeddedAgent | None" = None
    state_dir: Path | None = None
    """Where the interface keeps what is its own: its log, and a report where it broke."""


def run(common: Common, look: Look) -> int:
    """Open the interface and stay until it is left."""
    require_terminal("Use `insights-tui status`, or `insights-tui status --watch`; `insights-tui agent` runs an agent.")
    if common.json:
        raise CliError("The interface prints no JSON.", "Use `insights-tui status --json`.", code=exits.USAGE)
    forbid_core_dumps()
    habits = habits_of()
    if look.read_only is None:
        look = replace(look, read_only=habits.read_only)
    if look.theme is None:
        look = replace(look, theme=habits.theme)
    if common.socket is None and habits.agents:
        common = replace(common, socket=habits.agents[0], others=habits.agents[1:])
    keymap = checked(habits)
    attached = _attach(common, read_only=bool(look.read_only))
    return show(attached, look, timeout_s=common.timeout_s, keys=keymap)


def require_terminal(instead: str) -> None:
    """Refuse where a screen cannot be drawn, naming the command to use instead."""
    if os.environ.get("TERM", "dumb") == "dumb":
        why = "The terminal cannot draw a screen (TERM is dumb or not set)."
    elif not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):  # Textual draws on the third
        why = "The interface needs a terminal; standard input, output or error is none."
    else:
        return
    raise CliError(why, instead, code=exits.USAGE, name="no_terminal")


def show(
    attached: Attached,
    look: Look,
    *,
    timeout_s: float,
    seconds: float | None = None,
    keys: Mapping[str, str] | None = None,
) -> int:
    """Draw the interface until it is left, or for some `seconds`; then drain an agent of our own, bounded.

    The exit code is not 0 where it broke.
    """
    from insights_tui.client.api import AgentClient
    from insights_tui.tui.feed import WINDOW_S

    opened: list[AgentClient] = []

    def client_of(socket: Path) -> AgentClient:
        opened.append(AgentClient(socket, timeout_s=timeout_s, read_only=bool(look.read_only)))
        return opened[-1]

    client = client_of(attached.socket)
    client.ask_ahead(WINDOW_S)  # the agent answers while Textual is loaded: a third of a second
    from insights_tui.tui.app import InsightsApp
    from insights_tui.tui.screens.agents import Place

    embedded = attached.embedded

    def drain() -> None:
        if embedded is not None:
            embedded.stop(GRACE_S)

    async def on_stop() -> None:
        await asyncio.to_thread(drain)
        guard.leaving()

    class Guarded(InsightsApp):
        """The interface with a way out that does not need its loop."""

        def on_mount(self) -> None:
            """Listen to signals right after the base class does: later handlers replace earlier ones."""
            self.call_next(guard.listen)

    async def session() -> int:
        try:
            app = Guarded(
                client,
                interval_s=look.interval_s,
                ascii_only=look.ascii_only,
                mouse=look.mouse,
                on_stop=on_stop,
                crash_folder=attached.state_dir,
                keys=keys,
                read_only=bool(look.read_only),
                theme=look.theme or THEMES[0],
                places=[Place(socket, partial(client_of, socket)) for socket in (attached.socket, *attached.others)],
            )
            loop = asyncio.get_running_loop()
            loop.call_later(STARTED_S, collector.settle)
            collector.tidy_up(loop, app.is_quiet)
            app.on_typed = collector.Pause(loop)
            if seconds is not None:
                loop.call_later(seconds, app.leave)
            await app.run_async()
            return exits.ACT_FAILED if app.return_code else exits.FINE
        finally:
            for one in opened:
                await one.close()

    guard = HangupGuard(drain, orderly_s=ATTACHED_S if embedded is None else ORDERLY_S)
    try:
        with guard:
            return asyncio.run(session())
    finally:
        drain()


def _attach(common: Common, *, read_only: bool = False) -> Attached:
    if common.socket is not None and common.others:  # each was named: one that is down is shown as down
        log_to_file(places().state_dir, "warning", "text")
        return Attached(common.socket, common.others, state_dir=places().state_dir)
    found = find(common)
    if found.alive:
        log_to_file(places().state_dir, "warning", "text")
        return Attached(found.socket, state_dir=places().state_dir)
    if read_only:
        raise CliError(
            f"No agent answers at {found.socket}, and an interface that is read-only runs none of its own.",
            "Start one with `insights-tui agent`, or name its socket with --socket.",
            code=exits.NO_AGENT,
            name="no_agent",
        )
    from insights_tui.agent.embedded import EmbeddedAgent
    from insights_tui.agent.starting import AgentStartError

    settings = settings_of({"socket": common.socket})
    state_dir = settings.places.state_dir
    log_to_file(state_dir, settings.log.level, settings.log.format)
    embedded = EmbeddedAgent(settings, settings.places, "embedded")
    try:
        return Attached(embedded.start(), embedded=embedded, state_dir=state_dir)
    except AgentStartError as error:
        winner = _lost_race(common) if error.exit_code == exits.ACT_FAILED else None
        if winner is not None:
            return winner
        raise CliError(str(error), error.hint, code=error.exit_code, name="start") from None


def _lost_race(common: Common) -> Attached | None:
    """Attach to the agent that took the state directory before us, once it listens."""
    until = time.monotonic() + RACE_S
    while time.monotonic() < until:
        found = find(common)
        if found.alive:
            return Attached(found.socket)
        time.sleep(0.05)
    return None
