"""Something happened that a person may want to read about; the agent groups these into events."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One happening, before it has a number and a time."""

    level: Literal["info", "warning", "error"]
    code: str
    """Groups with others of the same code and subject."""
    subject: str
    text: str
    """One whole sentence."""
    fix: str = ""
    raw: str = ""
    """Foreign text as it came; sanitise before a terminal."""
    actor: str | None = None
    """Who did it, where a person did."""
