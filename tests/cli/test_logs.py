"""The log: one safe line a record, in words or as JSON, in a file that just its owner reads."""

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from insights_tui.cli.logs import Format, log_to_file, log_to_stderr

HOSTILE = "kafka-1 said \x1b]0;owned\x07\nforged line \u202e"


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)


def test_text_is_one_safe_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("info", "text")
    logging.getLogger("insights_tui.x").warning("%s", HOSTILE)
    logging.getLogger("insights_tui.x").debug("not asked for")
    [line] = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "WARNING insights_tui.x: kafka-1 said" in line


def test_a_traceback_has_no_locals(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("info", "json")
    secret = "MARKER-local"
    try:
        int(secret[:0])
    except ValueError:
        logging.getLogger("x").exception("failed")
    err = capsys.readouterr().err
    assert "MARKER-local" not in err.replace('secret = \\"MARKER-local\\"', "")
    assert json.loads(err)["trace"][-1] == "ValueError: invalid literal for int() with base 10: ''"


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_file_for_the_owner_alone(tmp_path: Path, kind: Format) -> None:
    log_to_file(tmp_path / "state", "info", kind)
    logging.getLogger("x").error("%s", HOSTILE)
    [file] = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 1


def test_a_file_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").touch()
    log_to_file(tmp_path / "state", "info", "text")
    logging.getLogger("x").error("nobody reads it")
    assert capsys.readouterr().err == ""
