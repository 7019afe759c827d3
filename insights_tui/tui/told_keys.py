"""What a key is called on the screen where the settings have given an act another one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character

from insights_tui.tui.lines import Line

_KEY = re.compile(r"\{([^{} ]+)\}")
_SHORT = {"escape": "esc", "delete": "del", "pageup": "pgup", "pagedown": "pgdn", "slash": "/"}


class Fixed(str):
    """A key that nothing moves: a field's own `enter`."""

    __slots__ = ()


@dataclass(frozen=True)
class Told:
    """Spells keys as they are now; what no act has is spelled as it came."""

    moved: Mapping[str, str] = field(default_factory=dict)
    """Keys by the ids of acts, as the settings give them."""
    owners: tuple[type[DOMNode], ...] = ()
    """Whose acts are meant, the nearest to the focus first."""

    def __call__(self, key: str) -> str:
        """Give the key that now does what `key` does where nothing is moved."""
        if self.moved and not isinstance(key, Fixed):
            for binding in bindings(self.owners):
                if key in {
                    binding.key_display,
                    *(part for one in binding.key.split(",") for part in (one, spelt(one))),
                }:
                    return self.of(binding)
        return key

    def words(self, sentence: str) -> str:
        """Write a sentence of ours that names keys like `{esc}`; nothing foreign may be in it."""
        return _KEY.sub(lambda found: self(found[1]), sentence)

    def line(self, sentence: str, style: str = "text") -> Line:
        """Write such a sentence as a line, its keys in the accent."""
        parts = _KEY.split(sentence)  # words and keys by turns
        runs = ((self(part), "accent") if index % 2 else (part, style) for index, part in enumerate(parts))
        return tuple(run for run in runs if run[0])

    def of(self, binding: Binding) -> str:
        """Give the first key of an act."""
        moved = self.moved.get(binding.id or "")
        if moved is None and binding.key_display:
            return binding.key_display
        return spelt((moved or binding.key).split(",")[0].strip() or ",")

    def all_of(self, binding: Binding) -> str:
        """Give every key of an act."""
        keys = self.moved.get(binding.id or "", binding.key)
        return "/".join(spelt(key.strip()) for key in keys.split(",") if key.strip())


def told_in(node: DOMNode, *owners: type[DOMNode]) -> Told:
    """Spell keys in a dialog: those of its own acts, then of `owners`."""
    return Told(getattr(node.app, "keys", {}), (type(node), *owners))


def bindings(owners: Iterable[type[DOMNode]]) -> Iterable[Binding]:
    """Go through the acts of some classes, each with those of its bases."""
    for owner in owners:
        for one in owner.__mro__:
            yield from (binding for binding in one.__dict__.get("BINDINGS", ()) if isinstance(binding, Binding))


def spelt(key: str) -> str:
    """Spell a key as people do: `question_mark` is `?`, `escape` is `esc`, `ctrl+p` is `^p`."""
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    character = key_to_character(key)
    if character is not None and character.isprintable() and not character.isspace():
        return character
    return _SHORT.get(key, key)
