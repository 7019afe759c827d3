"""Which keys can be remapped, and what is wrong with a keymap."""

import difflib
import importlib
import string
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys

_PLACES = (
    ("everywhere", "insights_tui.tui.app", "InsightsApp"),
    ("everywhere", "insights_tui.tui.suspending", "Suspending"),
    ("every page", "insights_tui.tui.screens.insights_screen", "InsightsScreen"),
    ("every page", "insights_tui.tui.views.view", "View"),
    ("lists", "insights_tui.tui.rows", "Rows"),
    ("view Events", "insights_tui.tui.views.events.view", "EventsView"),
    ("view Payloads", "insights_tui.tui.views.payloads.view", "PayloadsView"),
    ("view Lost", "insights_tui.tui.views.lost.view", "LostView"),
    ("view Algorithms", "insights_tui.tui.views.algorithms.view", "AlgorithmsView"),
    ("one payload", "insights_tui.tui.views.payload_dialog", "PayloadDialog"),
    ("questions", "insights_tui.tui.screens.confirm", "Confirm"),
    ("texts to read", "insights_tui.tui.screens.text_dialog", "TextDialog"),
    ("texts to read", "insights_tui.tui.screens.reader", "Reader"),
    ("texts to read", "insights_tui.tui.screens.receipt", "ReceiptReader"),
    ("list of agents", "insights_tui.tui.screens.agents", "Agents"),
    ("earlier connections", "insights_tui.tui.screens.revisions", "Revisions"),
    ("check", "insights_tui.tui.checking.screen", "CheckScreen"),
    ("connection form", "insights_tui.tui.connection_form.screen", "ConnectionFormScreen"),
)
_WITH_ALL = frozenset({"everywhere", "every page"})
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "meta", "hyper"})


class Act(NamedTuple):
    """Something that keys do."""

    id: str
    keys: tuple[str, ...]
    """As Textual names them: `question_mark`."""
    meaning: str
    place: str
    """Where it works."""


class KeyProblem(NamedTuple):
    """What is wrong with one line of a keymap, and how to mend it."""

    id: str
    message: str
    hint: str


def acts() -> list[Act]:
    """List everything whose key can be another one; imports every page for it."""
    found: dict[str, Act] = {}
    for place, module, name in _PLACES:
        owner: type[DOMNode] = getattr(importlib.import_module(module), name)
        for binding in owner.BINDINGS:
            if isinstance(binding, Binding) and binding.id:
                act = Act(binding.id, named(binding.key), binding.description, place)
                known = found.get(binding.id)
                found[act.id] = act if known is None else known._replace(keys=(*known.keys, *act.keys))
    return list(found.values())


def named(keys: str) -> tuple[str, ...]:
    """Name keys as Textual does: `?,ctrl+k` are `question_mark` and `ctrl+k`."""
    return tuple(binding.key for binding in Binding.make_bindings([Binding(keys, "", "")]))


def normalised(keymap: Mapping[str, str]) -> dict[str, str]:
    """Name all keys of a good keymap as Textual does."""
    return {name: ",".join(named(keys)) for name, keys in keymap.items()}


def problems(keymap: Mapping[str, str]) -> list[KeyProblem]:
    """Find acts that are not there, keys that are none, and keys that two acts would share."""
    known = {act.id: act for act in acts()}
    found: list[KeyProblem] = []
    moved: dict[str, tuple[str, ...]] = {}
    for name, keys in keymap.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]}?" if close else "`insights-tui config keys` lists them all."
            found.append(KeyProblem(name, "There is no such act.", hint))
            continue
        wrong = [key for key in keys.split(",") if not _is_key(key.strip())]
        if wrong:
            message = f"{wrong[0].strip() or 'Nothing'} is no key."
            found.append(KeyProblem(name, message, "Write a character, f5, ctrl+k, or several: f5,ctrl+k."))
            continue
        moved[name] = named(keys)
    found += _shared(known, moved)
    return found


def _shared(known: Mapping[str, Act], moved: Mapping[str, tuple[str, ...]]) -> Iterator[KeyProblem]:
    for name, keys in moved.items():
        for other in known.values():
            if other.id == name or not _meet(known[name].place, other.place):
                continue
            meant = set(known[name].keys) & set(other.keys)  # one goes before the other, as it does without a keymap
            both = set(keys) & set(moved.get(other.id, other.keys)) - meant
            if both:
                message = f"{min(both)} is the key of {other.id}, too ({other.meaning})."
                yield KeyProblem(name, message, f"Choose another one, or give {other.id} another one.")


def _meet(one: str, other: str) -> bool:
    """Whether two places can have the keys at the same time."""
    views = one.startswith("view") or one == "lists", other.startswith("view") or other == "lists"
    return one == other or (one in _WITH_ALL and (other in _WITH_ALL or views[1])) or (views[0] and other in _WITH_ALL)


def _is_key(name: str) -> bool:
    *modifiers, key = name.split("+") if len(name) > 1 else [name]
    if not key or not set(modifiers) <= _MODIFIERS:
        return False
    return (len(key) == 1 and key.isprintable()) or key in _NAMES


_NAMES = {key.value for key in Keys} | {named(character)[0] for character in string.punctuation if character != ","}
