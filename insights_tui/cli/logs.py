"""The log: lines on stderr for the agent, a file for the interface; nothing foreign raw, nothing with locals."""

import json
import logging
import logging.handlers
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from insights_tui.domain.text import sanitize

Format = Literal["text", "json"]
LIMIT = 4000
"""Characters of one message."""
FILE_NAME = "interface.log"
FILE_BYTES = 1024 * 1024
"""Size at which the interface's log starts anew; one old one is kept."""


def log_to_stderr(level: str, kind: Format) -> None:
    """Send the agent's log to stderr."""
    _install(logging.StreamHandler(sys.stderr), level, kind)


def log_to_file(state_dir: Path, level: str, kind: Format) -> None:
    """Send the interface's log to a file that just its owner reads; none at all where it cannot be written."""
    path = state_dir / FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=FILE_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    _install(handler, level, kind)


def log_nowhere() -> None:
    """Keep the log off a terminal in use where there is no place to keep it."""
    _install(logging.NullHandler(), "critical", "text")


def _install(handler: logging.Handler, level: str, kind: Format) -> None:
    handler.setFormatter(_Json() if kind == "json" else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    if root.level > logging.DEBUG:
        # Every failure of Kafka's is told by the agent in its own words; aiokafka would tell it again, many times.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        # httpx writes each call of the client: one a second, for as long as a screen is open.
        logging.getLogger("httpx").setLevel(logging.WARNING)


class _Text(logging.Formatter):
    """One line for people: time, level, who, what."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_at(record)} {record.levelname:<7} {record.name}: {sanitize(record.getMessage(), limit=LIMIT)}"
        return "\n".join([line, *(f"  {trace}" for trace in _trace(record))])


class _Json(logging.Formatter):
    """One object a line for programs."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": sanitize(record.getMessage(), limit=LIMIT),
        }
        if trace := _trace(record):
            fields["trace"] = trace
        return json.dumps(fields)


def _at(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _trace(record: logging.LogRecord) -> list[str]:
    if not record.exc_info or record.exc_info[0] is None:
        return []
    lines = "".join(traceback.format_exception(*record.exc_info)).splitlines()
    return [sanitize(line, limit=LIMIT) for line in lines]
