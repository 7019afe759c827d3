"""The report of a crash: which frames, in a file; no locals, no messages that could carry a secret."""

import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

from insights_tui import __version__


def describe(error: BaseException) -> str:
    """Write a traceback of files, lines and source, with the types of the errors.

    Their messages stay out: a message may quote what somebody typed.
    """
    parts = [f"insights-tui {__version__}, Python {sys.version.split()[0]}, {datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}\n"]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts += traceback.format_tb(current.__traceback__)
        parts.append(f"{type(current).__module__}.{type(current).__qualname__}\n")
        current = current.__cause__ or current.__context__
    return "".join(parts)


def write_report(error: BaseException, folder: Path | None) -> Path | None:
    """Write the report into a file that just its owner reads; `None` where no place takes it."""
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for place in (folder, Path(gettempdir())):
        if place is None:
            continue
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(describe(error))
        except OSError:
            continue
        return place / name
    return None
