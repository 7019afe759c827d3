"""`agent`: runs the agent alone, until a signal ends it."""

import asyncio
import gc
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import CliError, say
from insights_tui.cli.reach import settings_of
from insights_tui.cli.service_manager import ServiceManager
from insights_tui.domain.text import counted

if TYPE_CHECKING:
    from insights_tui.agent.agent import Agent
    from insights_tui.domain.snapshot import Counts
    from insights_tui.settings import Settings

GRACE_S = 2.0
"""Seconds to deliver what is pending once a signal came: everything is over within three."""
_YOUNG = 10_000
"""Objects made between two passes of the garbage collector; at Python's 700 it takes 7 % of a busy agent's time."""


@click.command("agent")
@click.option("--system", is_flag=True, help="Use the places of the system service (/var/lib, /run, /etc).")
@click.option("--state-dir", type=click.Path(path_type=Path), metavar="PATH", help="Where the agent keeps its state.")
@click.option(
    "--listen", metavar="HOST:PORT", help="Where algorithms report to; port 0 picks one, `none` turns it off."
)
@common_options
@click.pass_context
def command(context: click.Context, system: bool, state_dir: Path | None, listen: str | None) -> int:
    """Run the agent: take payloads in and deliver them to Kafka.

    SIGTERM or ctrl+c ends it within 3 s, a second one at once. Settings: flags, then INSIGHTS_… variables, then
    the settings file.
    """
    settings = settings_of(
        {"socket": common_of(context).socket, "state_dir": state_dir, "listen": listen}, system=system
    )
    forbid_core_dumps()
    return _run(settings)


def forbid_core_dumps() -> None:
    """Keep secrets in memory out of files."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _run(settings: "Settings") -> int:
    import uvloop

    from insights_tui.agent.starting import AgentStartError
    from insights_tui.cli.logs import log_to_stderr

    log_to_stderr(settings.log.level, settings.log.format)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            counts, durability = runner.run(_serve(settings))
    except AgentStartError as error:
        raise CliError(str(error), error.hint, code=error.exit_code, name="start") from None
    say(f"The agent has stopped; {_left(counts, durability)}")
    return exits.FINE


def _left(counts: "Counts", durability: str) -> str:
    """Say what becomes of the payloads whose outcome is open."""
    if not counts.pending:
        return "nothing was pending."
    pending = counted(counts.pending, "payload")
    return f"left in the spool: {pending}." if durability == "full" else f"not kept (durability memory): {pending}."


def _spare_the_collector() -> None:
    """Have the garbage collector pass over what stays for good, and pass seldom: payloads make no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)


async def _serve(settings: "Settings") -> "tuple[Counts, str]":
    """Run until a signal comes; give the last counts, and whether what is pending survives."""
    from insights_tui.agent.agent import run_agent

    stop = asyncio.Event()
    manager = ServiceManager()
    durability = ""

    def ready(agent: "Agent") -> None:
        nonlocal durability
        durability = agent.snapshot().capacity.durability
        where = f"algorithms report to {agent.url}; " if agent.url is not None else ""
        said = f"{where}its socket is {agent.socket}."
        say(f"The agent is ready: {said}")
        manager.ready(said)
        _spare_the_collector()

    loop = asyncio.get_running_loop()

    def end() -> None:
        if stop.is_set():
            say("Stopping at once.")
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        manager.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    alive = asyncio.create_task(_give_signs_of_life(manager))
    try:
        counts = await run_agent(settings, settings.places, "service", ready=ready, stop=stop, grace_s=GRACE_S)
    finally:
        alive.cancel()
    return counts, durability


async def _give_signs_of_life(manager: ServiceManager) -> None:
    """Tell a watchdog that the loop turns, on which payloads are taken in and delivered."""
    while manager.alive_every_s is not None:
        manager.alive()
        await asyncio.sleep(manager.alive_every_s)
