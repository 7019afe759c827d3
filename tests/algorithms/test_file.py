"""The file of algorithms is used by one thread at a time, whoever else has stopped to wait for it."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from insights_tui.agent.algorithms import file
from insights_tui.domain.algorithms import Algorithm


def test_closing_waits_for_a_write_that_nobody_awaits_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, go_on = threading.Event(), threading.Event()
    encode = file._encode

    def slow(one: Algorithm) -> bytes:
        writing.set()
        assert go_on.wait(60)
        return encode(one)

    monkeypatch.setattr(file, "_encode", slow)
    kept = file.AlgorithmsFile(tmp_path / "algorithms.db")
    kept.open()
    seen = Algorithm(
        "acme", "cats", "1.0.0", insights_enabled=True, decided_by="default", last_at=datetime(2026, 11, 23, tzinfo=UTC)
    )
    write = threading.Thread(target=kept.keep, args=([seen],))
    close = threading.Thread(target=kept.close)
    write.start()
    assert writing.wait(60)
    close.start()
    close.join(0.1)  # without the lock it is over by now, and the file gone below the write
    assert close.is_alive()
    go_on.set()
    write.join(60)
    close.join(60)
    kept.open()
    assert kept.count() == 1
    kept.close()
