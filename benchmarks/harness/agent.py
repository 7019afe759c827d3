"""The agent under test, as its own process on one port and one state directory through any number of lives."""

import os
import subprocess
import time
from collections.abc import Mapping

import psutil

from benchmarks.harness.wire import Wire
from tests.kafka_cluster.ports import free_ports
from tests.support import AgentProcess
from tests.support.agent_process import COMMAND

CRASH_AT = "INSIGHTS_TEST_CRASH_AT"


class Agent(AgentProcess):
    """`insights-tui agent`; connected from its first start by its settings."""

    def __init__(
        self, servers: str | None, topic: str, settings: Mapping[str, str] | None = None, *, durability: str = "full"
    ) -> None:
        (self.port,) = free_ports(1)
        connection = {"INSIGHTS_CONNECTION__TOPIC": topic, "INSIGHTS_CONNECTION__SERVERS": servers} if servers else {}
        super().__init__(
            {
                "INSIGHTS_LISTEN": f"127.0.0.1:{self.port}",
                "INSIGHTS_DELIVERY__DURABILITY": durability,
                **connection,
                **(settings or {}),
            }
        )
        self.address = ("127.0.0.1", self.port)
        # The byte code is kept, as it is where the agent is installed: some machines forbid it in their environment.
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.env["PYTHONPYCACHEPREFIX"] = str(self.home / "pycache")

    def launch(self, crash_at: str | None = None) -> float:
        """Start the process and return at once; gives the time of it (monotonic)."""
        assert self._process is None, "it already runs"
        env = {**self.env, **({CRASH_AT: crash_at} if crash_at else {})}
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "agent"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home
            )
        return began

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def listening(self) -> bool:
        """Whether it answers on its port."""
        try:
            with Wire(self.address, 5.0) as wire:
                return wire.get("/healthz").accepted
        except OSError:
            return False

    def wait_listening(self, timeout_s: float = 60.0) -> bool:
        """Wait until it answers on its port; false where it ended instead."""
        deadline = time.monotonic() + timeout_s
        while not self.listening():
            if not self.alive:
                return False
            if time.monotonic() > deadline:
                raise TimeoutError(f"the agent did not answer within {timeout_s:g} s:\n{self.log_tail()}")
            time.sleep(0.005)
        return True

    def end(self) -> int:
        """SIGKILL it where it still runs; gives the exit code (a crash point's is -9 too)."""
        self.process.kill()
        return self._ended(30)

    def rss(self) -> int:
        """Bytes resident; 0 where it does not run."""
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except (psutil.Error, AssertionError):
            return 0

    def cpu_s(self) -> float:
        """Seconds of CPU of this life."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def load_now() -> str:
    """Say what else the machine does: its load averages and processors."""
    one, five, fifteen = os.getloadavg()
    return f"{one:.1f} {five:.1f} {fifteen:.1f} on {os.cpu_count()} cores"
