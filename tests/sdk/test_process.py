"""The process around it: what importing costs, forks, threads, the end."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import insights_tui.sdk
from tests.sdk.fake_agent import FakeAgent
from tests.support import wait_for

FOLDER = Path(insights_tui.sdk.__file__).parent


def program(agent: FakeAgent, script: str | Path, *, code: int = 0) -> str:
    """Run a program that uses the SDK; gives what it says on stderr."""
    done = subprocess.run(
        [sys.executable, *([script] if isinstance(script, Path) else ["-c", script])],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(FOLDER.parents[1]), "INSIGHTS_URL": agent.url},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=FOLDER.parents[1],
    )
    assert done.returncode == code, done.stderr
    return done.stderr


def test_it_imports_the_standard_library_alone() -> None:
    names: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    ours = {name for name in names if name.startswith("insights_tui")}
    assert {name.split(".")[0] for name in names - ours} <= set(sys.stdlib_module_names)
    assert all(name.startswith("insights_tui.sdk.") for name in ours), ours


def test_importing_it_brings_nothing_else(agent: FakeAgent) -> None:
    said = program(
        agent,
        "import sys; before = set(sys.modules); import insights_tui.sdk\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before}, file=sys.stderr)",
    )
    assert set(said.split()) <= {*sys.stdlib_module_names, "insights_tui"}
    assert "asyncio" not in said.split()  # a WSGI application does without


def test_the_end_of_the_process_sends_what_waits(agent: FakeAgent) -> None:
    program(agent, "from insights_tui.sdk import report\nfor n in range(1000): report(n=n)")
    assert [payload["n"] for payload in agent.payloads] == list(range(1000))


@pytest.mark.parametrize("ending", ["sys.exit(3)", "raise SystemExit(3)"])
def test_an_exit_in_an_execution_is_sent(agent: FakeAgent, ending: str) -> None:
    program(agent, f"import sys\nfrom insights_tui.sdk import execution\nwith execution(failed='f'): {ending}", code=3)
    assert [payload["f"] for payload in agent.payloads] == [1]


def test_the_end_waits_no_longer_than_it_may_and_says_what_is_left(agent: FakeAgent) -> None:
    agent.stop()
    said = program(
        agent,
        "import logging, time\nfrom insights_tui.sdk import configure, report\nconfigure(exit_s=0.3)\nreport(n=1)",
    )
    assert "1 still waited when the process ended" in said


def test_a_fork_takes_nothing_along(agent: FakeAgent) -> None:
    """As gunicorn --preload does: the parent has reported, its thread runs, and its queue is not empty."""
    program(
        agent,
        "import os, sys\n"
        "from insights_tui.sdk import configure, execution, report, stats\n"
        "configure(linger_s=0.2)\n"
        "report(parent=1)\n"
        "with execution() as run:\n"
        "    children = []\n"
        "    for n in range(3):\n"
        "        child = os.fork()\n"
        "        if child == 0:\n"
        "            assert stats().taken == 0\n"
        "            run.end()  # the parent's\n"
        "            with execution(): report(child=n)\n"
        "            sys.exit(0)\n"  # atexit runs, and the parent's `with` is left
        "        children.append(child)\n"
        "    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]\n"
        "    report(whole=1)\n",
    )
    payloads = agent.payloads
    assert len(payloads) == 5
    assert len(set(agent.ids)) == 5
    assert sum("parent" in payload for payload in payloads) == sum("whole" in payload for payload in payloads) == 1
    assert sorted(payload["child"] for payload in payloads if "child" in payload) == [0, 1, 2]


def test_sending_imports_nothing(agent: FakeAgent) -> None:
    """A fork in the moment of an import would leave the module's lock held in the child, for ever."""
    said = program(
        agent,
        "import sys\n"
        "from insights_tui.sdk import configure, flush, report\n"
        "before = set(sys.modules)\n"
        "report(n=1, text='x'); assert flush(20)\n"
        "configure('http://localhost:1'); report(n=1); flush(0.3)\n"
        "print('imported:', sorted(set(sys.modules) - before), file=sys.stderr)",
    )
    assert "imported: []\n" in said


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_send_what_they_have(agent: FakeAgent, method: str, tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(
        "import multiprocessing\n"
        "from insights_tui.sdk import report\n"
        "def work(n):\n"
        "    report(n=n)\n"
        "if __name__ == '__main__':\n"
        "    report(n=-1)\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    each = [context.Process(target=work, args=(n,)) for n in range(2)]\n"
        "    [process.start() for process in each]\n"
        "    [process.join() for process in each]\n"
        "    assert [process.exitcode for process in each] == [0, 0]\n"
    )
    program(agent, script)
    assert sorted(payload["n"] for payload in agent.payloads) == [-1, 0, 1]


def test_where_no_thread_can_be_started_the_end_sends(agent: FakeAgent) -> None:
    program(
        agent,
        "import _thread\n"
        'def none(*_): raise RuntimeError("can\'t start new thread")\n'
        "_thread.start_new_thread = none\n"
        "from insights_tui.sdk import report, stats\n"
        "report(n=1); report(n=2)\n"
        "assert stats().queued == 2",
    )
    assert [payload["n"] for payload in agent.payloads] == [1, 2]


def test_a_report_at_the_very_end_is_sent(agent: FakeAgent) -> None:
    """Objects that die and handlers that run after ours must not raise, nor hang."""
    program(
        agent,
        "import atexit\n"
        "from insights_tui.sdk import report\n"
        "atexit.register(lambda: report(n=2))\n"
        "report(n=1)\n"
        "class Late:\n"
        "    def __del__(self): report(n=3)\n"
        "late = Late()\n",
    )
    assert {payload["n"] for payload in agent.payloads} >= {1}


def test_sigterm_ends_a_program_at_once(agent: FakeAgent) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import signal\nfrom insights_tui.sdk import report\nreport(n=1)\nsignal.pause()"],
        env={"PATH": os.environ["PATH"], "INSIGHTS_URL": agent.url},
        cwd=FOLDER.parents[1],
    ) as process:
        wait_for(lambda: agent.payloads, "the report has arrived")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
