"""Lost payloads into a file: one JSON object a line, readable for its owner alone."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from insights_tui.domain.answers import LostPayload

_CHUNK = 200


async def export(
    found: AsyncIterator[LostPayload], folder: Path, *, now: datetime, progress: Callable[[int], object]
) -> tuple[Path, int]:
    """Write them all to a new file in `folder` (else in the temporary one); give its path and how many.

    Raises `OSError`; what was begun is removed then.
    """
    path, file = await asyncio.to_thread(_create, folder, f"insights-lost-{now.astimezone(UTC):%Y%m%d-%H%M%S}")
    count = 0
    lines: list[bytes] = []
    try:
        with file:
            async for one in found:
                lines.append(msgspec.json.encode(one))
                if len(lines) == _CHUNK:
                    count += await asyncio.to_thread(_write, file, lines)
                    lines.clear()
                    progress(count)
            count += await asyncio.to_thread(_write, file, lines)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, count


def _create(folder: Path, name: str) -> tuple[Path, BinaryIO]:
    for place in (folder, Path(tempfile.gettempdir())):
        for number in range(100):
            path = place / (f"{name}.ndjson" if not number else f"{name}-{number}.ndjson")
            try:
                return path, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
            except FileExistsError:
                continue
            except OSError:
                break
    raise OSError(f"no file can be made in {folder}")


def _write(file: BinaryIO, lines: list[bytes]) -> int:
    file.writelines(line + b"\n" for line in lines)
    file.flush()
    return len(lines)
