"""What a person reads off a captured page of 80x24: the banner in its parts, the state, the countdown."""

import re
from dataclasses import dataclass

BAR = "▌"
_SINCE = re.compile(r"\bsince (\d{4}-)?(\d\d-\d\d )?\d\d:\d\d(:\d\dZ|Z)?")
_LOSS = re.compile(r"next (?:payload is )?(?:loss|lost) in ((?:\d+ ?[dhms] ?)+)")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(\d+) ?([dhms])")


@dataclass(frozen=True, slots=True)
class Page:
    """One screen as text."""

    text: str

    @property
    def banner(self) -> str:
        """The banner as one line; empty where there is none."""
        rows = [row.strip() for row in self.text.splitlines() if row.startswith(f" {BAR} ")]
        return " ".join(" ".join(row.removeprefix(BAR).split()) for row in rows)

    @property
    def status(self) -> str:
        """The first row."""
        return self.text.splitlines()[0] if self.text else ""

    @property
    def since(self) -> str:
        """Since when, as the banner says it; empty where it does not."""
        found = _SINCE.search(self.banner)
        return found[0] if found else ""

    @property
    def loss_s(self) -> int | None:
        """The seconds until the next loss by the banner; `None` where it names none."""
        found = _LOSS.search(self.banner)
        return seconds(found[1]) if found else None

    def key(self, key: str, name: str) -> bool:
        """Whether the banner ends with a key and what it does."""
        return f"{key} {name}" in self.banner

    def has(self, *words: str) -> list[str]:
        """Tell which of these words the banner lacks; `a|b` is either."""
        return lacking(self.banner, words)


def lacking(text: str, words: tuple[str, ...]) -> list[str]:
    """Tell which words a text lacks, whatever its rows and capitals; `a|b` is either."""
    flat = " ".join(text.split()).lower()
    return [word for word in words if not any(one.lower() in flat for one in word.split("|"))]


def seconds(span: str) -> int:
    """Read `3m 05s`."""
    return sum(int(count) * _UNITS[unit] for count, unit in _SPAN.findall(span))
