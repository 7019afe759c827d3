"""The options that every verb takes, before or after its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from insights_tui.cli.charset import shows_unicode

DEFAULT_TIMEOUT_S = 5.0
THEMES = ("dark", "light", "contrast", "terminal")
"""As the settings name them; `tui/theme.py` has their colours."""


@dataclass(frozen=True, slots=True)
class Common:
    """What `--socket`, `--json` and `--timeout` say."""

    socket: Path | None = None
    """The first one named."""
    others: tuple[Path, ...] = ()
    """Further sockets: for the interface alone."""
    json: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Look:
    """How the screen is drawn."""

    ascii_only: bool = False
    interval_s: float = 1.0
    mouse: bool | None = None
    """`None`: on, but off over SSH."""
    read_only: bool | None = None
    """`None`: what the settings say."""
    theme: str | None = None
    """Likewise."""


def look_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the screen's options as arguments: those of `look_of`."""
    for option in (
        click.option(
            "--ascii/--no-ascii",
            "ascii_only",
            default=None,
            help="Draw with ASCII alone (default: where LC_ALL, LC_CTYPE or LANG do not name UTF-8).",
        ),
        click.option(
            "--interval",
            type=click.FloatRange(min=0.2, max=60),
            default=1.0,
            metavar="S",
            help="Seconds between two looks at the agent (default 1; more on a slow line).",
        ),
        click.option("--mouse/--no-mouse", default=None, help="Use the mouse (default: not over SSH)."),
        click.option("--read-only", is_flag=True, default=None, help="Look only: nothing can be changed."),
        click.option("--theme", type=click.Choice(THEMES), help="Colours (default dark); terminal: its own sixteen."),
    ):
        command = option(command)
    return command


def look_of(
    *, ascii_only: bool | None, interval: float, mouse: bool | None, read_only: bool | None, theme: str | None
) -> Look:
    """Put the screen's options together; a terminal that does not speak UTF-8 gets ASCII, unless told otherwise."""
    plain = not shows_unicode() if ascii_only is None else ascii_only
    return Look(ascii_only=plain, interval_s=interval, mouse=mouse, read_only=read_only, theme=theme)


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options; they reach `common_of`, not the function's arguments."""
    for option in (
        click.option(
            "--socket",
            type=click.Path(path_type=Path, readable=False),  # of one that is not ours the client says why
            metavar="PATH",
            multiple=True,
            callback=_keep_sockets,
            expose_value=False,
            help="The agent's socket (else INSIGHTS_SOCKET, the system's, your own); several for the interface.",
        ),
        click.option(
            "--json",
            is_flag=True,
            default=None,
            callback=_keep("json"),
            expose_value=False,
            help="Print the API's object as it is.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="S",
            callback=_keep("timeout_s"),
            expose_value=False,
            help=f"Seconds to wait for the agent (default {DEFAULT_TIMEOUT_S:g}).",
        ),
    ):
        command = option(command)
    return command


def common_of(context: click.Context, *, several: bool = False) -> Common:
    """Put the options together; what stands after the verb wins. One socket, unless `several` are of use."""
    common = Common(**context.meta.get(_META, {}))
    if common.others and not several:
        raise click.UsageError("This command speaks to one agent; --socket is given more than once.", context)
    return common


_META = "insights_tui.common"


def _keep_sockets(context: click.Context, _parameter: click.Parameter, value: tuple[Path, ...]) -> tuple[Path, ...]:
    if value:
        first, *others = dict.fromkeys(value)
        context.meta.setdefault(_META, {}).update(socket=first, others=tuple(others))
    return value


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value is not None:
            context.meta.setdefault(_META, {})[name] = value  # `meta` is shared by a group and its verbs
        return value

    return callback
