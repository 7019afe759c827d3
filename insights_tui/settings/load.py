"""From flags, environment and file to settings: flags > environment > file > defaults, every error at once."""

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from insights_tui.domain.text import sanitize
from insights_tui.places import MAX_SOCKET_PATH, places
from insights_tui.settings.model import Settings
from insights_tui.settings.problems import SettingProblem, SettingsError

PREFIX = "INSIGHTS_"
_OF_TESTS = f"{PREFIX}TEST_"
"""Begins what tests alone set: no settings, and none of a person's typing errors."""
_OF_CLIENTS = f"{PREFIX}URL"
"""Where an algorithm finds its agent (`insights_tui.sdk`); no setting of the agent."""
_MAX_FILE = 1_048_576
_NO_GROUP = frozenset({"model_type", "model_attributes_type", "dict_type"})
_WORDS = {
    "greater_than": "has to be more than {gt}.",
    "greater_than_equal": "has to be {ge} or more.",
    "less_than": "has to be less than {lt}.",
    "less_than_equal": "has to be {le} or less.",
    "float_parsing": "is no number.",
    "float_type": "is no number.",
    "finite_number": "is no finite number.",
    "int_parsing": "is no whole number.",
    "int_type": "is no whole number.",
    "int_from_float": "is no whole number.",
    "int_parsing_size": "is too large.",
    "string_type": "is no text. Put it in quotes.",
    "path_type": "is no path. Put it in quotes.",
    "is_instance_of": "is not of the right kind.",
    "tuple_type": "is no list.",
}


@dataclass(frozen=True)
class _Layer:
    """One source, read: nested values, and what they are called there."""

    source: str
    values: dict[str, Any]
    names: dict[str, str]
    """Key (`delivery.deadline_s`) to its name in that source."""


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """List every setting, as `socket` and `delivery.deadline_s`."""
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from keys(info.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def variable(key: str) -> str:
    """Give a setting's environment variable: `delivery.deadline_s` → `INSIGHTS_DELIVERY__DEADLINE_S`."""
    return PREFIX + key.upper().replace(".", "__")


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    system: bool = False,
    environ: Mapping[str, str] | None = None,
    config_path: Path | None = None,
) -> Settings:
    """Read the settings; raises `SettingsError` with every problem of every source.

    `flags` are keys (`delivery.deadline_s`) with values; `None` means not given. A `config_path` that is named has
    to exist; the usual one (`system` says which) need not.
    """
    environ = os.environ if environ is None else environ
    problems: list[SettingProblem] = []
    layers = [
        _from_flags(flags or {}),
        _from_environ(environ, problems),
        _from_file(config_path or places(system, environ).config_file, config_path is not None, problems),
    ]
    settings: Settings | None = None
    try:
        settings = _merge(layers)
    except ValidationError as error:
        problems += [_translated(detail, layers) for detail in error.errors(include_url=False)]
    if problems or settings is None:
        raise SettingsError(tuple(problems))
    origins = {key: layer.source for layer in reversed(layers) for key in layer.names}
    settings.remember(origins, system=system, environ=environ)
    length = len(os.fsencode(settings.places.socket))
    if length > MAX_SOCKET_PATH:
        message = f"{settings.places.socket} is {length} bytes long; a socket's path has {MAX_SOCKET_PATH} at most."
        raise SettingsError((SettingProblem(settings.origin("socket"), "socket", message, "Choose a shorter one."),))
    return settings


def _merge(layers: list[_Layer]) -> Settings:
    class Layered(Settings):
        """The settings with the layers of this one call."""

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, init_kwargs=layer.values) for layer in layers)

    layered = Layered()
    return Settings(**{name: getattr(layered, name) for name in layered.model_fields_set})


def _from_flags(flags: Mapping[str, Any]) -> _Layer:
    given = {key: value for key, value in flags.items() if value is not None}
    unknown = given.keys() - set(keys())
    if unknown:
        raise KeyError(f"no such setting: {', '.join(sorted(unknown))}")  # a mistake of ours, not of the person
    names = {key: "--" + key.rpartition(".")[2].replace("_", "-") for key in given}
    return _Layer("command line", _nested(given), names)


def _from_environ(environ: Mapping[str, str], problems: list[SettingProblem]) -> _Layer:
    known = {variable(key): key for key in keys()}
    given: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name.startswith(_OF_TESTS) or name == _OF_CLIENTS or not value:
            continue  # an empty variable is as good as none
        if name in known:
            given[known[name]] = value
        else:
            problems.append(_unknown("environment", name, list(known)))
    return _Layer("environment", _nested(given), {key: variable(key) for key in given})


def _from_file(path: Path, required: bool, problems: list[SettingProblem]) -> _Layer:
    source = str(path)
    content: dict[str, Any] = {}
    try:
        content = _read(path, problems)
    except FileNotFoundError:
        if required:
            problems.append(SettingProblem(source, "", "There is no such file.", "Look at the path."))
    except OSError as error:
        problems.append(SettingProblem(source, "", f"It cannot be read: {error.strerror}.", "Look at its permissions."))
    except UnicodeDecodeError:
        problems.append(SettingProblem(source, "", "It is not UTF-8 text.", "Save it as UTF-8."))
    except tomllib.TOMLDecodeError as error:
        message = f"It is not valid TOML: {_lower_first(str(error))}."
        problems.append(SettingProblem(source, "", message, 'Texts need quotes, for example topic = "insights".'))
    known = list(keys())
    given: dict[str, Any] = {}
    for key, value in _flat(content, known):
        if key in known or any(other.startswith(f"{key}.") for other in known):
            given[key] = value
        else:
            problems.append(_unknown(source, key, [*known, *Settings.model_fields]))
    return _Layer(source, _nested(given), {key: key for key in given})


def _read(path: Path, problems: list[SettingProblem]) -> dict[str, Any]:
    """Read a file; one that others may change, or whose password others may read, is a problem of its own."""
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        text = file.read(_MAX_FILE).decode("utf-8-sig")
    if stat.S_ISREG(mode) and mode & stat.S_IWOTH:
        message = "Everybody on this host may change it."
        problems.append(SettingProblem(str(path), "", message, f"Run chmod o-w {path}."))
    content = tomllib.loads(text)
    group = content.get("connection")
    if isinstance(group, dict) and "password" in group and mode & stat.S_IROTH:
        message = "It holds a password, and everybody on this host may read it."
        problems.append(SettingProblem(str(path), "", message, f"Run chmod o-r {path}."))
    return content


def _flat(content: Mapping[str, Any], known: list[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk a file's tables down to its settings; a table under an unknown name is one unknown key."""
    for name, value in content.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and any(other.startswith(f"{key}.") for other in known):
            yield from _flat(value, known, f"{key}.")
        else:
            yield key, value


def _nested(given: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in given.items():
        group, _, name = key.rpartition(".")
        if group:
            nested.setdefault(group, {})[name] = value
        else:
            nested[name] = value
    return nested


def _unknown(source: str, name: str, known: list[str]) -> SettingProblem:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    repair = f"Did you mean {close[0]}?" if close else "Remove it; `insights-tui config show` lists them all."
    return SettingProblem(source, sanitize(name, limit=100), "There is no such setting.", repair)


def _translated(detail: ErrorDetails, layers: list[_Layer]) -> SettingProblem:
    """Put an error of pydantic's into plain words, with the name that the setting has where it stands."""
    parts = [str(part) for part in detail["loc"]] or ["listen"]  # what concerns no single value is about that one
    known = {*Settings.model_fields, *keys()}
    key = next((found for found in (".".join(parts[:2]), parts[0]) if found in known), parts[0])
    layer = next((layer for layer in layers if key in layer.names), None)
    kind, context, shown = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _NO_GROUP:
        what, repair = "This is a group of settings, not a value.", f"Write [{key}], and its settings below that line."
    else:
        if kind == "value_error":
            words = str(context["error"])
        elif kind == "literal_error":
            words = f"has to be one of {context['expected']}.".replace("'", "").replace(" or ", ", ")
        else:
            words = _WORDS.get(kind, "").format(**context) or f"does not fit: {_lower_first(detail['msg'])}."
        quotable = isinstance(shown, str | int | float) and "password" not in key
        what, _, repair = words.partition(". ")
        what = f"“{sanitize(str(shown), limit=60)}” {what}" if quotable else f"The value {what}"
    source, name = (layer.source, layer.names[key]) if layer else ("settings", key)
    return SettingProblem(source, name, what if what.endswith(".") else f"{what}.", repair)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
