"""The original's own clients inside `run`: unmodified, and their reports belong to its execution."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import run_program
from tests.cli.runs_agent import runs_agent
from tests.real.clients import PythonClient
from tests.real.conftest import clients, python_1_4_8, python_2_0_5  # noqa: F401 - fixtures
from tests.real.scripts import REPORT

CLIENTS = ["python_2_0_5", "python_1_4_8"]


@pytest.mark.parametrize("name", CLIENTS)
def test_its_reports_are_of_the_execution(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    client: PythonClient = request.getfixturevalue(name)
    with runs_agent(tmp_path / "r.sock") as agent:
        ended = run_program(
            "run", "--socket", agent.socket, "--as", "acme/credit/1.0.6", "--",
            sys.executable, "-s", "-c", REPORT, '{"risk_score": 0.2, "approved": 1}',
            env={"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path), "PYTHONPATH": str(client.folder)},
        )  # fmt: skip
        assert ended.code == 0, ended.err
        assert agent.paths == ["/v1/runs", *["/run/req-1/v1/insights"] * 2, "/v1/runs/req-1/finish"]
        merged = agent.merged()
    assert (merged["risk_score"], merged["approved"], merged["exit_code"]) == (0.2, 1, 0)


@pytest.mark.parametrize("name", CLIENTS)
def test_without_an_agent_they_do_not_fail(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Alone they raise inside the algorithm where nobody answers."""
    client: PythonClient = request.getfixturevalue(name)
    ended = run_program(
        "run", "--socket", tmp_path / "none.sock", "--", sys.executable, "-s", "-c", REPORT, '{"risk_score": 0.2}',
        env={"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path), "PYTHONPATH": str(client.folder)},
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "runs without Insights" in ended.err
