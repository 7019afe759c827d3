"""The frame: help, usage, what is imported, a reader that goes away."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, program, run_program
from tests.cli.fake_agent import FakeAgent

HEAVY = {"textual", "aiokafka", "uvicorn", "starlette", "confluent_kafka", "pydantic_settings", "cryptography"}


def imported(*arguments: str | Path) -> set[str]:
    script = (
        "import sys, json\n"
        "from insights_tui.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.stderr.write('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stderr.rpartition("\n")[2]))


def test_status_imports_nothing_heavy(agent: FakeAgent) -> None:
    agent.shows()
    modules = imported("status", "--socket", agent.socket)
    assert "httpx" in modules
    assert not HEAVY & modules


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_imports_nearly_nothing(arguments: tuple[str, ...]) -> None:
    modules = imported(*arguments)
    assert "click" in modules
    assert not (HEAVY | {"httpx", "asyncio"}) & modules


def test_help_names_every_verb_and_code(run: Run) -> None:
    ended = run("--help")
    assert ended.code == 0
    for verb in ("demo", "agent", "connect", "disconnect", "status", "lost", "run", "send", "tail", "events"):
        assert f"\n  {verb} " in ended.out
    assert "78 configuration" in ended.out


@pytest.mark.parametrize(
    "verb", ["demo", "agent", "connect", "disconnect", "status", "lost", "run", "send", "tail", "events"]
)
def test_each_verb_has_help_and_the_common_options(run: Run, verb: str) -> None:
    ended = run(verb, "--help")
    assert ended.code == 0
    for option in ("--socket", "--json", "--timeout"):
        assert option in ended.out


@pytest.mark.parametrize("arguments", [("nonsense",), ("status", "--nonsense"), ("status", "--timeout", "0")])
def test_usage_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.out == ""


def test_a_reader_that_goes_away_ends_it_quietly(agent: FakeAgent) -> None:
    agent.shows()
    command = program("status", "--socket", agent.socket)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(20) == 141


def test_a_c_locale_gets_words_for_glyphs(agent: FakeAgent) -> None:
    agent.shows()
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    ended = run_program("status", "--socket", agent.socket, env=env)
    assert ended.code == 0, ended.err
    assert ended.out.isascii()
    assert "damaged 0 ok" in ended.out
