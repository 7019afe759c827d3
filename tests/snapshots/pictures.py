"""`python -m tests.snapshots.pictures [FOLDER [PART OF A NAME...]]`: contact sheets of every frame, to be looked at.

Needs chromium. Each picture holds several frames of one size, each with its name above it.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from tempfile import mkdtemp

from tests.snapshots import walk, wire

_ROWS = {"80x24": (2, 2), "120x40": (2, 2), "200x60": (1, 1)}
"""Columns and rows of a sheet, by size; four of other sizes."""


async def _draw(folder: Path, parts: list[str]) -> dict[str, list[tuple[str, Path]]]:
    for foreign in walk.FOREIGN:
        os.environ.pop(foreign, None)
    drawn: dict[str, list[tuple[str, Path]]] = {}
    async for name, seated in walk.everything(wire.read(), lambda name: all(part in name for part in parts)):
        size, _, what = name.partition("/")
        path = folder / f"{size}-{what}.svg"
        path.write_text(seated.app.export_screenshot(title=what))
        drawn.setdefault(size, []).append((what, path))
    return drawn


def _sheets(folder: Path, drawn: dict[str, list[tuple[str, Path]]]) -> list[Path]:
    made = []
    for size, pictures in drawn.items():
        across, down = _ROWS.get(size, (2, 2))
        columns, rows = (int(part) for part in size.split("x"))
        wide, high = int(columns * 12.2) + 40, int(rows * 24.4) + 90
        for start in range(0, len(pictures), across * down):
            shown = pictures[start : start + across * down]
            cells = "".join(f'<img src="{path.name}" width="{wide}">' for _, path in shown)
            page = folder / f"sheet-{size}-{start // (across * down):02}.html"
            page.write_text(
                f'<body style="margin:0;background:#000;width:{across * wide}px;line-height:0">{cells}</body>'
            )
            picture = page.with_suffix(".png")
            _photograph(page, picture, across * wide, min(down, -(-len(shown) // across)) * high)
            made.append(picture)
    return made


def _photograph(page: Path, picture: Path, wide: int, high: int) -> None:
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    if browser is None:
        raise SystemExit("Pictures need chromium: install it, or read frames/ as text.")
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
    apart = ("--disable-component-update", "--disable-sync", "--allow-file-access-from-files")
    command = [browser, *quiet, *apart, f"--window-size={wide},{high}", f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(mkdtemp(prefix="insights-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    for picture in _sheets(folder, asyncio.run(_draw(folder, sys.argv[2:]))):
        sys.stdout.write(f"{picture}\n")


if __name__ == "__main__":
    main()
