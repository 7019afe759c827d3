"""`insights-tui agent` as a process of its own, and the command line beside it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.support.waiting import wait_for

COMMAND = str(Path(sys.executable).with_name("insights-tui"))
"""The installed command that belongs to the interpreter of the tests."""
_CLI_S = 60.0
_FOREIGN = ("INSIGHTS_", "ALGORITHM", "XDG_")


class AgentProcess:
    """An agent with a home of its own: settings, state, socket and port are nobody else's.

    `settings` are its environment variables by their names in `interface.md`; `program` is started in place of the
    command, with the descriptors that it `inherits`.
    """

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, program: str = COMMAND, inherits: Sequence[int] = ()
    ) -> None:
        self._program, self._inherits = program, tuple(inherits)
        # Not below pytest's tmp_path: the path of a Unix socket may have at most 107 characters.
        self.home = Path(tempfile.mkdtemp(prefix="insights-"))
        self.socket = self.home / "agent.sock"
        self.state_dir = self.home / "state"
        self.log = self.home / "agent.log"
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self.env: dict[str, str] = {
            **own,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "xdg-state"),
            "XDG_RUNTIME_DIR": str(self.home),
            "INSIGHTS_STATE_DIR": str(self.state_dir),
            "INSIGHTS_SOCKET": str(self.socket),
            "INSIGHTS_LISTEN": "127.0.0.1:0",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://agent", timeout=30
        )

    def start(self) -> "AgentProcess":
        """Start it; returns when it answers. Fails with its log where it ends instead."""
        assert self._process is None, "it already runs"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "agent"], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.home, pass_fds=self._inherits,
            )  # fmt: skip
        wait_for(self._answers, "the agent answers on its socket")
        return self

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running process."""
        assert self._process is not None, "it does not run"
        return self._process

    @property
    def url(self) -> str:
        """Where algorithms report to, by the agent's own word."""
        return str(self.snapshot()["ingest_url"]).rstrip("/")

    def snapshot(self) -> dict[str, Any]:
        """The state, as `GET /v1/snapshot` tells it."""
        answer: dict[str, Any] = self.request("GET", "/v1/snapshot").raise_for_status().json()
        return answer

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Call the agent over its socket."""
        return self._http.request(method, path, **arguments)

    def wait_until(
        self, condition: Callable[[dict[str, Any]], bool], what: str, timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Wait until the snapshot satisfies a condition, and give that snapshot."""
        last: dict[str, Any] = {}

        def satisfied() -> bool:
            last.clear()
            last.update(self.snapshot())
            return condition(last)

        try:
            wait_for(satisfied, what, timeout_s)
        except TimeoutError as error:
            seen = json.dumps({key: last.get(key) for key in ("state", "counts", "refused", "problems")}, indent=1)
            raise TimeoutError(f"{error}\n{seen}\n{self.log_tail()}") from None
        return last

    def cli(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run `insights-tui ARGUMENTS` against this agent; `env` adds variables, as for `--password-from env:NAME`."""
        return subprocess.run(
            [COMMAND, *arguments],
            env={**self.env, **(env or {})},
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=_CLI_S,
        )

    def terminate(self, timeout_s: float = 30.0) -> int:
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        return self._ended(timeout_s)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._ended(10)

    def close(self) -> None:
        """End it however it takes and remove its home."""
        if self._process is not None:
            self.kill()
        self._http.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def log_tail(self, lines: int = 40) -> str:
        """The end of what it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _ended(self, timeout_s: float) -> int:
        code = self.process.wait(timeout_s)
        self._process = None
        return code

    def _answers(self) -> bool:
        code = self.process.poll()
        if code is not None:
            raise AssertionError(f"the agent ended with exit code {code}:\n{self.log_tail()}")
        with socket.socket(socket.AF_UNIX) as probe:  # httpx would leave its socket open where nobody listens
            if probe.connect_ex(str(self.socket)) != 0:
                return False
        return self.request("GET", "/healthz").status_code == httpx.codes.OK
