"""The demo put together: brokers, an agent on a random port with a state directory of its own, algorithms."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from insights_tui.agent.embedded import EmbeddedAgent
from insights_tui.agent.starting import AgentStartError
from insights_tui.cli import exits
from insights_tui.cli.demo.mock_kafka import TOPIC, MockKafka
from insights_tui.cli.demo.schedule import Schedule
from insights_tui.cli.output import CliError
from insights_tui.client.api import AgentClient
from insights_tui.domain.form import ConnectionForm
from insights_tui.settings import Listen, Settings
from insights_tui.settings.model import Delivery

GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Session:
    """A demo that runs: where its agent is, and where its brokers are."""

    socket: Path
    url: str
    bootstrap: str
    state_dir: Path
    embedded: EmbeddedAgent


@contextmanager
def demo_session(*, socket: Path | None) -> Iterator[Session]:
    """Start brokers and agent, connected; everything ends with the block and leaves nothing behind."""
    with ExitStack() as stack:
        kafka = stack.enter_context(MockKafka())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="insights-demo-", ignore_cleanup_errors=True)))
        settings = Settings(
            listen=Listen("127.0.0.1", 0),
            state_dir=folder,
            socket=socket if socket is not None else folder / "agent.sock",
            installation="demo",
            delivery=Delivery(durability="memory"),
        )
        embedded = EmbeddedAgent(settings, settings.places, "demo")
        stack.callback(embedded.stop, GRACE_S)
        try:
            found = embedded.start()
        except AgentStartError as error:
            raise CliError(str(error), error.hint, code=error.exit_code, name="start") from None
        if embedded.url is None:
            raise CliError("The demo's agent has no port to report to.", code=exits.ACT_FAILED)
        asyncio.run(_connect(found, kafka.bootstrap))
        yield Session(found, embedded.url, kafka.bootstrap, folder, embedded)


async def _connect(socket: Path, bootstrap: str) -> None:
    client = AgentClient(socket)
    try:
        await client.connect(ConnectionForm(topic=TOPIC, broker_url=bootstrap))
    finally:
        await client.close()


@contextmanager
def algorithms(url: str, schedule: Schedule, *, quiet: bool) -> Iterator[subprocess.Popen[bytes]]:
    """Run the three algorithms in a process of their own; its standard output says what was answered."""
    command = [sys.executable, "-m", "insights_tui.cli.demo.algorithms", "--url", url, "--rate", str(schedule.rate)]
    if schedule.seconds is not None:
        command += ["--seconds", str(schedule.seconds)]
    if quiet:
        command.append("--quiet")
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    try:
        with process:  # leaving it closes standard input, which ends the process
            yield process
    except BaseException:
        process.kill()
        raise
