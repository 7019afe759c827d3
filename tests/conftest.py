"""What every test may ask for: a real Kafka, an agent process, a terminal; and what none may leave in the log."""

import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.kafka_cluster import Cluster, KafkaMissingError
from tests.kafka_cluster.fetch import jars
from tests.support import AgentProcess, Terminal

os.environ["LC_ALL"] = "C.UTF-8"  # the terminal of every program under test; what another one gets has tests of its own
_REQUIRED = os.environ.get("INSIGHTS_TEST_REQUIRE_KAFKA") == "1"
_KAFKA_FIXTURES = {"kafka_session", "kafka3_session"}
_missing = pytest.StashKey[str]()
_loud = pytest.StashKey[tuple[str, ...]]()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test that asks for a cluster: `-m kafka` and `-m 'not kafka'` hold, and one worker runs them all."""
    if _KAFKA_FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker("kafka")
        item.add_marker(pytest.mark.xdist_group("kafka"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep a worker's temporary folders as short as those of a run without workers: a socket's path has 107 bytes."""
    worker = getattr(config, "workerinput", None)
    if worker is not None and config.option.basetemp is not None:
        run = Path(config.option.basetemp).parent
        # another prefix than pytest's own, or a run that ends beside this one takes it for an old one and deletes it
        config.option.basetemp = run.with_name(f"{run.name.replace('pytest', 'worker')}-{worker['workerid'][2:]}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Delete a worker's temporary folders unless something failed: pytest itself keeps those of its last runs only."""
    config = session.config
    output: dict[str, object] | None = getattr(config, "workeroutput", None)
    if output is None:
        return
    output["said"] = (config.stash.get(_missing, None), config.stash.get(_loud, ()))
    if exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(config.option.basetemp, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has to say at the end of the run."""
    missing, loud = getattr(node, "workeroutput", {}).get("said", (None, ()))
    if missing is not None:
        node.config.stash[_missing] = missing
    node.config.stash[_loud] = (*node.config.stash.get(_loud, ()), *loud)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call a long value by its parameter's name: certificates made by a run would give its tests other names."""
    return argname if isinstance(val, str | bytes) and len(val) > 80 else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka before the first test where one needs it: a slow network must not run into that test's timeout."""
    if session.config.option.collectonly or not any(item.get_closest_marker("kafka") for item in session.items):
        return
    try:
        jars()
    except KafkaMissingError as error:
        session.config.stash[_missing] = str(error)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it once and loud where no test met a real Kafka."""
    reason = config.stash.get(_missing, None)
    if reason is not None:
        verb = "FAILED" if _REQUIRED else "SKIPPED"
        terminalreporter.write_line(f"EVERY TEST WITH A REAL KAFKA {verb}: {reason}", red=True, bold=True)
    skipped = config.stash.get(_loud, ())
    for text in dict.fromkeys(skipped):
        terminalreporter.write_line(f"SKIPPED: {text}", red=True, bold=True)


@pytest.fixture(autouse=True)
def no_error_in_the_loop(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where asyncio could only log what went wrong: a task's exception that nobody took, a callback's."""
    yield
    said = [
        record.getMessage()
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.name == "asyncio" and record.levelno >= logging.ERROR
    ]
    assert not said, said


@pytest.fixture(scope="session")
def skip_loudly(request: pytest.FixtureRequest) -> Callable[[str], NoReturn]:
    """Skip a test and say why in a line of its own at the end of the run, however often it is called."""

    def skip(reason: str) -> NoReturn:
        stash = request.config.stash
        stash[_loud] = (*stash.get(_loud, ()), reason)
        pytest.skip(reason)

    return skip


@pytest.fixture(scope="session")
def kafka_session(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One Kafka node for the whole run; ask for `kafka` instead, which mends what a test broke."""
    yield from _cluster(request, 1)


@pytest.fixture(scope="session")
def kafka3_session(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Three Kafka nodes for the whole run; ask for `kafka3` instead."""
    yield from _cluster(request, 3)


@pytest.fixture
def kafka(kafka_session: Cluster) -> Iterator[Cluster]:
    """A real Kafka of one node; whatever the test does to it is undone afterwards."""
    yield kafka_session
    kafka_session.heal()


@pytest.fixture
def kafka3(kafka3_session: Cluster) -> Iterator[Cluster]:
    """A real Kafka of three nodes; whatever the test does to it is undone afterwards."""
    yield kafka3_session
    kafka3_session.heal()


@pytest.fixture
def topic(kafka: Cluster, request: pytest.FixtureRequest) -> str:
    """A fresh topic on `kafka`, four partitions, open for writing to the user `insights`."""
    return _topic(kafka, request)


@pytest.fixture
def topic3(kafka3: Cluster, request: pytest.FixtureRequest) -> str:
    """A fresh topic on `kafka3`, four partitions on all nodes, open for writing to the user `insights`."""
    return _topic(kafka3, request)


@pytest.fixture
def new_agent() -> Iterator[Callable[..., AgentProcess]]:
    """Start agents: `new_agent({"INSIGHTS_…": "…"})` gives a running one; all end with the test."""
    agents: list[AgentProcess] = []

    def start(settings: Mapping[str, str] | None = None) -> AgentProcess:
        agents.append(AgentProcess(settings))
        return agents[-1].start()

    yield start
    for agent in agents:
        agent.close()


@pytest.fixture
def agent(new_agent: Callable[..., AgentProcess]) -> AgentProcess:
    """A running agent on a random port, with a home of its own."""
    return new_agent()


@pytest.fixture
def new_terminal(skip_loudly: Callable[[str], NoReturn]) -> Iterator[Callable[..., Terminal]]:
    """Run programs in a real terminal: `new_terminal(command, env=…, width=80, height=24)`; all end with the test."""
    reason = Terminal.missing()
    if reason is not None:
        skip_loudly(reason)
    terminals: list[Terminal] = []

    def start(command: Sequence[str], *, env: Mapping[str, str], width: int = 80, height: int = 24) -> Terminal:
        terminals.append(Terminal(command, env=env, width=width, height=height))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def _cluster(request: pytest.FixtureRequest, nodes: int) -> Iterator[Cluster]:
    reason = request.config.stash.get(_missing, None)
    if reason is not None:
        if _REQUIRED:
            pytest.fail(f"INSIGHTS_TEST_REQUIRE_KAFKA=1, but {reason}", pytrace=False)
        pytest.skip(reason)
    cluster = Cluster.start(nodes)
    yield cluster
    cluster.stop()


def _topic(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    test = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name).strip("-")[:80]
    name = f"{test}-{uuid.uuid4().hex[:8]}"
    cluster.create_topic(name)
    cluster.grant("insights", name)
    return name
