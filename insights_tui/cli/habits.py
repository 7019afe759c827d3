"""What the settings say about the interface; read only where they may say something: reading takes a while."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from insights_tui.cli import exits
from insights_tui.cli.output import CliError
from insights_tui.cli.reach import settings_of
from insights_tui.places import places

_GROUP = "interface"
_VARIABLES = f"INSIGHTS_{_GROUP.upper()}__"


@dataclass(frozen=True, slots=True)
class Habits:
    """The settings below `[interface]`."""

    agents: tuple[Path, ...] = ()
    read_only: bool = False
    theme: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    """Where the keys stand."""


def habits_of() -> Habits:
    """Read them; raises `CliError` 78."""
    if not any(name.startswith(_VARIABLES) for name in os.environ) and not _in_file():
        return Habits()
    settings = settings_of()
    wanted = settings.interface
    agents = tuple(Path(text).expanduser().absolute() for text in wanted.agents)
    return Habits(agents, wanted.read_only == "on", wanted.theme, wanted.keys, settings.origin(f"{_GROUP}.keys"))


def _in_file() -> bool:
    try:
        return _GROUP in places().config_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def checked(habits: Habits) -> dict[str, str]:
    """Give the keymap as Textual names the keys; raises `CliError` 78 with everything that is wrong with it."""
    if not habits.keys:
        return {}
    from insights_tui.tui.keymap import normalised, problems

    wrong = problems(habits.keys)
    if wrong:
        lines = [f"{habits.origin}: {_GROUP}.keys: {one.id}: {one.message} {one.hint}" for one in wrong]
        raise CliError("\n".join(lines), code=exits.CONFIGURATION, name="configuration")
    return normalised(habits.keys)
