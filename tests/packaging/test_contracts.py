"""The import contracts have teeth: each reports the violation that it exists for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.checkout import ROOT, copy_to, pyproject

PLANTED = {
    "Layers: what may import what": ("spool", "from insights_tui.delivery import status"),
    "The interface is a client: it never reaches into the agent": ("tui", "from insights_tui.spool import base"),
    "The SDK stands in an algorithm's process: nothing of ours, no dependency": ("sdk", "import httpx"),
    "One place speaks Kafka's protocol": ("agent", "import aiokafka"),
    "The domain is pure: no I/O, no loop, no screen, no Kafka": ("domain", "import asyncio"),
    "The engine runs without HTTP, SQLite and threads": ("delivery", "import sqlite3"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    copy_to(tmp_path, only="insights_tui/")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the copy in `where`, which comes before any installed package."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(where), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_every_contract_has_a_violation_here() -> None:
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == set(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_is_reported(copy: Path, contract: str) -> None:
    package, line = PLANTED[contract]
    (copy / "insights_tui" / package / "planted.py").write_text(f'"""Breaks a contract."""\n\n{line}\n')
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout
    assert f"insights_tui.{package}.planted" in done.stdout


def test_a_package_without_a_layer_is_reported(copy: Path) -> None:
    (copy / "insights_tui" / "stray.py").write_text('"""Belongs to no layer."""\n')
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "stray" in done.stdout
