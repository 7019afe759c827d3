"""`config`: the settings with their origin, the file they stand in, and whether it is good."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import click
from pydantic import BaseModel

from insights_tui.cli import exits
from insights_tui.cli.habits import checked, habits_of
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, put, put_json, say
from insights_tui.cli.reach import settings_of
from insights_tui.domain.connection import Secret
from insights_tui.places import places
from insights_tui.settings import Settings, keys
from insights_tui.settings.load import variable

HIDDEN = "(hidden)"
_system = click.option("--system", is_flag=True, help="Of the system service (/etc/insights-tui/config.toml).")


class _Shown(NamedTuple):
    key: str
    value: str | None
    origin: str
    meaning: str


@click.group("config", invoke_without_command=True)
@common_options
@click.pass_context
def command(context: click.Context) -> int:
    """Show the settings, say where their file is, or check it."""
    if context.invoked_subcommand is None:
        return _show(context, system=False, explain=False)
    return exits.FINE


@command.command("show")
@_system
@click.option("--explain", is_flag=True, help="Say what each means, and its environment variable.")
@common_options
@click.pass_context
def show(context: click.Context, *, system: bool, explain: bool) -> int:
    """List every setting with its value, and whether it is a default or where it was set; secrets are hidden."""
    return _show(context, system=system, explain=explain)


@command.command("path")
@_system
@common_options
@click.pass_context
def path(context: click.Context, *, system: bool) -> int:
    """Print where the settings file is looked for; it need not exist."""
    file = places(system).config_file
    if common_of(context).json:
        put_json(json.dumps({"path": str(file), "exists": file.exists()}).encode())
    else:
        put(clean(str(file)))
        if not file.exists():
            say("There is no such file: every setting has its default, or comes from the environment.")
    return exits.FINE


@command.command("check")
@_system
@common_options
@click.pass_context
def check(context: click.Context, *, system: bool) -> int:
    """Read the settings as the agent would; every problem is named at once, and the exit code is 78."""
    del context
    settings = settings_of(system=system)
    given = sum(settings.origin(key) != "default" for key in keys())
    say(f"The settings are good: {given} of {sum(1 for _ in keys())} differ from their defaults or are repeated.")
    return exits.FINE


@command.command("keys")
@common_options
@click.pass_context
def keys_(context: click.Context) -> int:
    """List the acts of the interface with their keys; `[interface.keys]` in the settings gives them others."""
    from insights_tui.tui.keymap import acts

    wanted = checked(habits_of())
    listed = acts()
    if common_of(context).json:
        told = {act.id: {"keys": wanted.get(act.id, ",".join(act.keys)), "meaning": act.meaning} for act in listed}
        put_json(json.dumps(told).encode())
        return exits.FINE
    name = max(len(act.id) for act in listed)
    place = ""
    for act in listed:
        if act.place != place:
            place = act.place
            put(f"{place}:")
        put(clean(f"  {act.id:<{name}}  {wanted.get(act.id, ','.join(act.keys)):<16}  {act.meaning}"))
    return exits.FINE


def _show(context: click.Context, *, system: bool, explain: bool) -> int:
    shown = list(_listed(settings_of(system=system)))
    if common_of(context).json:
        told = {one.key: {"value": one.value, "origin": one.origin} for one in shown}
        put_json(json.dumps(told).encode())
        return exits.FINE
    name, value = (max(len(str(one[index] or "none")) for one in shown) for index in (0, 1))
    for one in shown:
        put(clean(f"{one.key:<{name}}  {one.value or 'none':<{min(value, 40)}}  {one.origin}"))
        if explain:
            put(clean(f"    {one.meaning} {variable(one.key)}"))
    return exits.FINE


def _listed(settings: Settings) -> Iterator[_Shown]:
    for key in keys():
        group, _, name = key.rpartition(".")
        owner: BaseModel = getattr(settings, group) if group else settings
        meaning = type(owner).model_fields[name].description or ""
        yield _Shown(key, _written(getattr(owner, name)), settings.origin(key), " ".join(meaning.split()))


def _written(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, tuple) and type(value) is tuple:
        return ", ".join(map(str, value)) or None
    if isinstance(value, dict):
        return ", ".join(f"{name}={key}" for name, key in value.items()) or None
    return f"{value:g}" if isinstance(value, float) else str(value)
