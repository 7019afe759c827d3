"""A fake agent and a way to run the command line in this process or in one of its own."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from insights_tui.cli.main import main
from tests.cli.fake_agent import FakeAgent, fake_agent


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own agent, settings or state is touched."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = tmp_path / name.lower()
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("INSIGHTS_SOCKET", raising=False)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    with fake_agent(tmp_path / "a.sock") as fake:
        yield fake


@dataclass
class Ended:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process, with `stdin` as its input (no terminal)."""

    def run_it(*arguments: str | Path, stdin: bytes = b"") -> Ended:
        with tempfile.TemporaryFile() as file:  # a real file: `send` reads its descriptor
            file.write(stdin)
            file.seek(0)
            with io.TextIOWrapper(file) as text:
                monkeypatch.setattr(sys, "stdin", text)
                with pytest.raises(SystemExit) as end:
                    main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, said.out, said.err)

    return run_it


def program(*arguments: str | Path) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, "-m", "insights_tui.cli.main", *map(str, arguments)]


def run_program(*arguments: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ended:
    """Run it to its end."""
    done = subprocess.run(program(*arguments), input=stdin, capture_output=True, env=env, timeout=60)
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
