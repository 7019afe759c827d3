"""One Kafka node: a JVM, its folder and its log."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.kafka_cluster.background import Background
from tests.kafka_cluster.properties import NodePlan

_JVM = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LAUNCH = str(Path(__file__).with_name("launch.py"))
_LOG4J = """\
status = error
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
"""
_POLL_S = 0.05


class StartError(RuntimeError):
    """A node did not come up; the message ends with the last lines of its log."""


class Node:
    """A node of the cluster; ends with the process that started it, whatever ends that."""

    def __init__(self, plan: NodePlan, folder: Path, libs: Path, properties: str, background: Background) -> None:
        self.plan = plan
        self.folder = folder
        self.log = folder / "node.log"
        self._libs = libs
        self._background = background
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        (folder / "server.properties").write_text(properties)
        (folder / "log4j2.properties").write_text(_LOG4J)

    @property
    def pid(self) -> int | None:
        """The JVM's process id while it runs."""
        return self._process.pid if self._process is not None else None

    def format(self, cluster_id: str, users: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start formatting the data folder, with the users' SCRAM passwords in it; the caller waits."""
        command = ["format", "-t", cluster_id, "-c", "server.properties"]
        for user, password in users.items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                command += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
        return self._java("kafka.tools.StorageTool", *command)

    def start(self) -> None:
        """Start the JVM; returns at once."""
        assert self._process is None, f"node {self.plan.id} already runs"
        self._process = self._background.call(lambda: self._java("kafka.Kafka", "server.properties"))

    def wait_listening(self, deadline: float) -> None:
        """Wait until every listener accepts; `deadline` is on the monotonic clock."""
        self.wait_until(self._listens, deadline, "open its listeners")

    def wait_until(self, condition: Callable[[], bool], deadline: float, what: str) -> None:
        """Wait for a condition while the node lives; `StartError` with its log where that does not come."""
        while not condition():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"node {self.plan.id} did not {what}; the end of {self.log}:\n{self.tail()}")
            time.sleep(_POLL_S)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        if self._process is None:
            return
        self._process.kill()  # a frozen process dies of it too
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"node {self.plan.id} does not run"
        self._process.send_signal(number)

    def _listens(self) -> bool:
        for port in self.plan.ports.values():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        java = ["java", *_JVM, logging, "-cp", f"{self._libs}/*", main, *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), *java],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for the tests: they end the nodes
            )
