"""`python -m tests.snapshots.update [PART OF A NAME...]`: write fixtures and frames anew; then read `git diff`.

Given parts, only the frames whose names hold all of them are written (`lost-`, `80x24/form`).
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.snapshots import walk, wire
from tests.snapshots.states import MADE_UP

FRAMES = Path(__file__).parent / "frames"


async def _update(parts: list[str]) -> tuple[int, int]:
    for foreign in walk.FOREIGN:
        os.environ.pop(foreign, None)
    wire.keep(MADE_UP)
    fixtures = wire.read()
    changed, wanted = 0, set()
    async for name, seated in walk.everything(fixtures, lambda name: all(part in name for part in parts)):
        path = FRAMES / f"{name}.txt"
        wanted.add(path)
        text = seated.text()
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changed += 1
    for path in set(FRAMES.rglob("*.txt")) - wanted if not parts else ():
        path.unlink()
        changed += 1
    return len(wanted), changed


if __name__ == "__main__":
    count, changed = asyncio.run(_update(sys.argv[1:]))
    sys.stdout.write(f"{count} frames, {changed} of them changed: read git diff tests/snapshots/frames.\n")
