"""The options that every verb takes, before or after its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

DEFAULT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Common:
    """What `--socket`, `--json` and `--timeout` say."""

    socket: Path | None = None
    json: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options; they reach `common_of`, not the function's arguments."""
    for option in (
        click.option(
            "--socket",
            type=click.Path(path_type=Path),
            metavar="PATH",
            callback=_keep("socket"),
            expose_value=False,
            help="The agent's socket (else INSIGHTS_SOCKET, the system's, your own).",
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


def common_of(context: click.Context) -> Common:
    """Put the options together; what stands after the verb wins."""
    return Common(**context.meta.get(_META, {}))


_META = "insights_tui.common"


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value is not None:
            context.meta.setdefault(_META, {})[name] = value  # `meta` is shared by a group and its verbs
        return value

    return callback
