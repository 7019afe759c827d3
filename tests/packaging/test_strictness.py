"""Warnings are errors, types are strict, everywhere: held against small files that must fail."""

import os
import subprocess
import sys
from pathlib import Path

from tests.packaging.checkout import ROOT

CASES = """
import asyncio
import gc
import socket
import warnings

from textual.app import App


def test_fails_plain_warning():
    warnings.warn("old", DeprecationWarning, stacklevel=1)


async def test_fails_warning_in_a_coroutine():
    warnings.warn("old", DeprecationWarning, stacklevel=1)


async def test_fails_never_awaited():
    asyncio.sleep(0)
    gc.collect()


def test_fails_unclosed_socket():
    socket.socket()
    gc.collect()


async def test_passes_coroutine():
    await asyncio.sleep(0)


async def test_passes_textual():
    async with App().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
"""


def test_warnings_fail_tests(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_cases.py").write_text(CASES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--color=no"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=100,
    )
    outcome = {
        line.split()[1].split("::")[1]: line.split()[0] for line in done.stdout.splitlines() if "::test_" in line
    }
    assert len(outcome) == CASES.count("def test_"), done.stdout
    wrong = {name: got for name, got in outcome.items() if (got == "PASSED") != name.startswith("test_passes")}
    assert wrong == {}, done.stdout
