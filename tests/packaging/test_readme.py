"""The README's commands are the ones that CI and nox run, and what it names exists."""

import os
import re
import subprocess
import sys

import pytest

from insights_tui.cli import exits
from tests.packaging.checkout import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]


def test_there_are_two_commands_a_line_each() -> None:
    demo, check = COMMANDS
    assert demo.endswith(" && .venv/bin/insights-tui demo")
    assert check.endswith(" && .venv/bin/nox")
    assert " -r constraints.txt " in demo
    assert " -r constraints-dev.txt " in check


def test_ci_runs_the_check_command_word_for_word() -> None:
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    assert COMMANDS[1] in lines
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_nox_without_arguments_checks_everything() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert set(re.findall(r"^[*-] (\w+) ->", listed, re.MULTILINE)) >= {
        "check",
        "tests",
        "lint",
        "format",
        "build",
        "lock",
    }
    assert re.findall(r"^\* (\w+)", listed, re.MULTILINE) == ["check"]


def test_the_check_runs_every_tool() -> None:
    steps = re.search(r"STEPS = \{(.*?)\n\}", (ROOT / "noxfile.py").read_text(), re.DOTALL)
    assert steps
    assert re.findall(r': \("([a-z-]+)"', steps[1]) == ["ruff", "ruff", "mypy", "lint-imports", "pytest"]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_it_links_to_exists(target: str) -> None:
    assert (ROOT / target).exists()


def shown() -> dict[str, set[str]]:
    """Collect the verbs that the README shows, what is below `lost` too, each with the options it shows."""
    verbs: dict[str, set[str]] = {}
    found = re.findall(r"\binsights-tui ((?:lost )?[a-z]+)\b([^`\n]*)", README.replace("\\\n", " "))
    for verb, rest in found:
        verbs.setdefault(verb, set()).update(re.findall(r"(?<!\S)--[a-z-]+", rest))
    return verbs


@pytest.mark.parametrize(("verb", "options"), sorted(shown().items()))
def test_the_commands_it_shows_exist(verb: str, options: set[str]) -> None:
    script = "import sys; from insights_tui.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, *verb.split(), "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert options <= set(re.findall(r"--[a-z-]+", done.stdout))


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)]
    own = {getattr(exits, name) for name in dir(exits) if name.isupper()} - {exits.INTERRUPTED, exits.BROKEN_PIPE}
    assert table == sorted(own)


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 130
