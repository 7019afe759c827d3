"""One incident's stage: an agent with a name service of its own, a load, a screen of 80x24, and the plain twin."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.clock_jumps import Clock
from benchmarks.disk import small_disk
from benchmarks.harness.agent import Agent
from benchmarks.harness.answers import Answers
from benchmarks.harness.load import Loader
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.staging.page import Page
from tests.kafka_cluster import Cluster
from tests.support import Terminal
from tests.support.agent_process import COMMAND
from tests.support.waiting import wait_for

NAMES = ("kafka-1", "kafka-2", "kafka-3")
USER, MECHANISM = "insights", "SCRAM-SHA-512"
PER_S = 40
_DRAIN_S = 90.0
_CLOCK = ("LD_PRELOAD",)
"""What moves a clock: the agent's alone, so that what it says is seen and not what the screen makes of it."""


class UnshareMissingError(RuntimeError):
    """No name service of our own can be made here."""


class Hosts:
    """An /etc/hosts of the agent's own: its process alone sees it, in a mount namespace."""

    def __init__(self) -> None:
        self.file = Path(tempfile.mkdtemp(prefix="insights-hosts-")) / "hosts"
        self._here = Path("/etc/hosts").read_text()
        self.know()
        if subprocess.run(self.inside("true"), check=False, capture_output=True).returncode:
            raise UnshareMissingError("no mount namespace can be made here: run this as root")

    def know(self) -> None:
        """Know the brokers."""
        lines = "".join(f"127.0.0.1 {name}\n" for name in NAMES)
        self.file.write_text(f"{self._here}\n{lines}")  # in place: a bind mount stays with the file

    def forget(self) -> None:
        """Know them no longer."""
        self.file.write_text(self._here)

    def inside(self, *command: str) -> list[str]:
        """Give the command that runs another with this file as its /etc/hosts, under the same process id."""
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self.file), *command]


class Operated(Agent):
    """An agent on a host that knows the brokers by name, connected by SCRAM over TLS from its first start."""

    def __init__(self, cluster: Cluster, topic: str, settings: Mapping[str, str], hosts: Hosts) -> None:
        super().__init__(
            cluster.bootstrap("SASL_PROXIED"),
            topic,
            {
                "INSIGHTS_CONNECTION__TYPE": "sasl",
                "INSIGHTS_CONNECTION__MECHANISM": MECHANISM,
                "INSIGHTS_CONNECTION__USERNAME": USER,
                "INSIGHTS_CONNECTION__PASSWORD": cluster.users[USER],
                "INSIGHTS_CONNECTION__CA_FILE": str(cluster.ca_file),
                "INSIGHTS_INSTALLATION": "prod-eu",
                **settings,
            },
        )
        self._hosts = hosts

    def launch(self, crash_at: str | None = None) -> float:
        """Start the process and return at once; gives the time of it (monotonic)."""
        assert self._process is None, "it already runs"
        assert crash_at is None
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._hosts.inside(COMMAND, "agent"),
                env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
            )  # fmt: skip
        return began


@dataclass(frozen=True, slots=True)
class Looks:
    """What a person and a monitor see at one time."""

    page: Page
    twin: str
    """`insights-tui status`."""
    code: int
    """Its exit code."""


class Stage:
    """Everything an incident needs, from a connected agent under load on."""

    def __init__(
        self, cluster: Cluster, topic: str, *, settings: Mapping[str, str], disk_mb: int | None = None,
        clock: bool = False,
    ) -> None:  # fmt: skip
        self.cluster, self.topic = cluster, topic
        self.hosts = Hosts()
        self.agent = Operated(cluster, topic, settings, self.hosts)
        self.answers = Answers()
        self.clock = Clock(self.agent) if clock else None
        self.disk_mb = disk_mb
        self.ballast = self.agent.state_dir / "ballast"
        self._stack = ExitStack()
        self.terminal: Terminal
        self.load: Loader
        self.sampler: Sampler

    def __enter__(self) -> Self:
        agent = self.agent
        self._stack.callback(agent.close)
        try:
            if self.disk_mb is not None:
                self._stack.enter_context(small_disk(agent.state_dir, self.disk_mb))
            self._stack.callback(self._end)
            agent.launch()
            assert agent.wait_listening(), agent.log_tail()
            agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
            self.sampler = self._stack.enter_context(Sampler(agent, self.answers))
            self.load = self._stack.enter_context(
                Loader(agent.address, self.answers, lines=4, connections=1, per_s=PER_S)
            )
            env = {name: value for name, value in agent.env.items() if name not in _CLOCK}
            self.terminal = Terminal([COMMAND], env={**env, "COLORTERM": "truecolor"}, width=80, height=24)
            self._stack.callback(self.terminal.close)
            self.terminal.wait_for("● CONNECTED", 60)
            agent.wait_until(lambda seen: bool(seen["counts"]["delivered"]), "payloads are delivered")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _end(self) -> None:
        if self.agent.alive:
            self.agent.end()

    # Seen

    @property
    def page(self) -> Page:
        """What a person sees now."""
        return Page(self.terminal.screen())

    def looks(self) -> Looks:
        """See both twins."""
        page = self.page
        said = self.agent.cli("status", env=dict.fromkeys(_CLOCK, ""))
        return Looks(page, said.stdout + said.stderr, said.returncode)

    def wait(self, condition: Callable[[Page], bool], what: str, timeout_s: float) -> Page:
        """Wait until a person sees something; `TimeoutError` with the screen."""
        last = self.page

        def seen() -> bool:
            nonlocal last
            last = self.page
            return condition(last)

        try:
            wait_for(seen, what, timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{last.text}") from None
        return last

    # Done

    def cut(self) -> None:
        """Cut every connection to the brokers, once."""
        for node in self.cluster.nodes:
            self.cluster.proxy(node, "SASL_PROXIED").reset_all()

    def fill(self) -> None:
        """Leave not one byte free on the small disk."""
        with self.ballast.open("wb", buffering=0) as file:
            for size in (65_536, 4_096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def connect(self, password: str, ca: Path) -> None:
        """Edit the connection, as a person would."""
        result = self.agent.cli(
            "connect", "--topic", self.topic, "--servers", self.cluster.bootstrap("SASL_PROXIED"), "--type", "sasl",
            "--mechanism", MECHANISM, "--username", USER, "--ca", str(ca), "--password-from", "env:KAFKA_PASSWORD",
            env={"KAFKA_PASSWORD": password},
        )  # fmt: skip
        if result.returncode:
            raise RuntimeError(f"the connection was not taken: {result.stdout}{result.stderr}")

    def settled(self) -> dict[str, int]:
        """End the load and wait until every payload has ended; gives the counts."""
        self.load.stop()
        seen = self.agent.wait_until(
            lambda snapshot: not any(snapshot["counts"][name] for name in PENDING), "all has ended", _DRAIN_S
        )
        counts: dict[str, int] = {**seen["counts"], "lost_open": seen["lost_open"], "balanced": seen["balanced"]}
        return counts


def write(out: Path, name: str, looks: Looks) -> None:
    """Keep what was seen, as text."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.txt").write_text(looks.page.text)
    (out / f"{name}.status.txt").write_text(f"{looks.twin}(exit code {looks.code})\n")


def colours(out: Path, name: str, terminal: Terminal) -> None:
    """Keep the screen with its colours, for `less -R` and for pictures."""
    (out / f"{name}.ansi").write_text(terminal.screen_with_colours() + os.linesep)
