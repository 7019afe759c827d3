"""`check` and `revisions`: through an agent, without one, for people and for programs."""

import json
import os
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from insights_tui.agent import checking
from insights_tui.agent.store import ConnectionStore, prepare_state_dir
from insights_tui.domain.answers import PastConnection
from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.trouble import Code
from tests.cli.conftest import Run
from tests.cli.fake_agent import SAVED, FakeAgent
from tests.support import Terminal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHECK = "POST /v1/admin/connection-check"
REVISIONS = "/v1/admin/connection-revisions"
MARKER = "MARKER-77aa-password"
SASL = Connection(
    "insights", (Server("k1", 9093), Server("k2", 9093)), ConnectionType.SASL_SSL, Mechanism.PLAIN, "u", Secret(MARKER)
)
ENDED = [
    CheckStep("k1:9093", Role.BOOTSTRAP, Step.DNS, StepState.OK, 1.0),
    CheckStep(
        "k1:9093", Role.BOOTSTRAP, Step.TCP, StepState.FAILED, 2.0, code=Code.BROKER_UNREACHABLE,
        cause="Nothing listens at k1:9093.", fix="Look at the port.", raw="Connection refused \x1b[31m",
    ),
    CheckStep("k2:9093", Role.MEMBER, Step.DNS, StepState.OK, 1.0, node_id=2),
]  # fmt: skip
FAILED = CheckVerdict(
    "failed", 1, 2, "One of two servers does not answer.", "Look at k1.", Code.BROKER_UNREACHABLE,
    hints=(Finding("single_replica", "Replication is 1.", "Make it 3."),),
)  # fmt: skip
FINE = CheckVerdict("ok", 0, 2, "Every server answers.")


class Engine:
    """Stands in for the library: tells what it is told, and remembers what it was asked to check."""

    def __init__(self) -> None:
        self.asked: list[Connection] = []
        self.items: list[CheckStep | CheckVerdict] = [*ENDED, FAILED]

    async def steps(self, connection: Connection) -> AsyncGenerator[CheckStep | CheckVerdict, None]:
        self.asked.append(connection)
        for item in self.items:
            yield item


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    monkeypatch.setattr(checking, "steps_of", fake.steps)
    return fake


def lines(*items: CheckStep | CheckVerdict) -> bytes:
    return b"".join(msgspec.json.encode(item) + b"\n" for item in items)


def store(connection: Connection | None = SASL) -> Path:
    """Save it where the command line looks."""
    state = Path(os.environ["XDG_STATE_HOME"]) / "insights-tui"
    prepare_state_dir(state)
    if connection is not None:
        ConnectionStore(state).save(connection, changed_at=NOW, changed_by="alice")
    return state


def test_a_running_agent_checks_and_the_table_says_why(run: Run, agent: FakeAgent) -> None:
    agent.answers[CHECK] = (200, lines(*ENDED, FAILED))
    ended = run("check", "--socket", agent.socket)
    assert ended.code == 1
    assert agent.requests[0].json == {}
    rows = ended.out.splitlines()
    assert rows[0] == "✖ One of two servers does not answer."
    assert rows[1] == "  Look at k1."
    (failing,) = [row for row in rows if row.startswith("k1:9093")]
    assert failing.split() == ["k1:9093", "✓", "✗", "tcp", "failed"]
    assert "✗ Nothing listens at k1:9093." in rows
    assert "  Do: Look at the port." in rows
    assert "· Replication is 1." in rows
    assert "\x1b" not in ended.out


def test_json_is_the_agents_lines_verbatim(run: Run, agent: FakeAgent) -> None:
    agent.answers[CHECK] = (200, lines(*ENDED, FINE))
    ended = run("check", "--json", "--socket", agent.socket)
    assert (ended.code, ended.out.encode()) == (0, lines(*ENDED, FINE))


@pytest.mark.parametrize(
    ("code", "status", "exit_code"), [("no_connection", 404, 3), ("checks_busy", 429, 1), ("internal", 500, 1)]
)
def test_what_the_agent_refuses_ends_with_its_code(
    run: Run, agent: FakeAgent, code: str, status: int, exit_code: int
) -> None:
    agent.refuses(CHECK, code, status=status)
    ended = run("check", "--socket", agent.socket)
    assert (ended.code, ended.out) == (exit_code, "")
    assert f"mend {code}." in ended.err


def test_without_an_agent_it_checks_what_is_stored_and_changes_nothing(run: Run, engine: Engine) -> None:
    state = store()
    before = {path: path.stat().st_mtime_ns for path in state.rglob("*")}
    engine.items = [*ENDED, FINE]
    ended = run("check")
    assert ended.code == 0, ended.err
    assert engine.asked == [SASL]
    assert "No agent runs" in ended.err
    assert ended.out.startswith("✓ Every server answers.")
    assert {path: path.stat().st_mtime_ns for path in state.rglob("*")} == before
    assert MARKER not in ended.out + ended.err


def test_without_an_agent_and_a_store_it_checks_what_the_settings_would_seed(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHTS_CONNECTION__TOPIC", "seeded")
    monkeypatch.setenv("INSIGHTS_CONNECTION__SERVERS", "h1:9092")
    assert run("check").code == 1
    assert engine.asked == [Connection("seeded", (Server("h1", 9092),))]


def test_nothing_anywhere_is_exit_code_3(run: Run, engine: Engine) -> None:
    ended = run("check", "--json")
    assert ended.code == 3
    assert json.loads(ended.out)["error"]["code"] == "not_connected"
    assert engine.asked == []


def test_a_deleted_connection_is_none(run: Run, engine: Engine) -> None:
    state = store()
    kept = ConnectionStore(state)
    kept.load()
    kept.delete(changed_at=NOW, changed_by="bob")
    assert run("check").code == 3


def test_a_damaged_store_is_exit_code_78_and_stays_where_it_is(run: Run, engine: Engine) -> None:
    file = store() / "connection.json"
    file.write_bytes(b"junk")
    ended = run("check")
    assert ended.code == 78
    assert "is damaged" in ended.err
    assert file.read_bytes() == b"junk"


def test_bad_settings_are_exit_code_78(run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIGHTS_CONNECTION__TOPIC", "a b")
    assert run("check").code == 78


def test_an_agent_that_was_named_and_is_gone_is_exit_code_4(run: Run, engine: Engine, tmp_path: Path) -> None:
    store()
    ended = run("check", "--socket", tmp_path / "nobody.sock")
    assert (ended.code, engine.asked) == (4, [])


def test_options_are_checked_here_without_any_agent(
    run: Run, engine: Engine, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPW", MARKER)
    options = ("--topic", "t", "--servers", "k9:9093", "--username", "u", "--password-from", "env:KPW")
    ended = run("check", *options, "--json", "--socket", agent.socket)
    assert ended.code == 1
    assert ended.out.encode() == lines(*ENDED, FAILED)
    assert agent.requests == []
    (asked,) = engine.asked
    assert (asked.bootstrap, asked.mechanism, asked.password) == ("k9:9093", Mechanism.SCRAM_SHA_256, Secret(MARKER))


def test_the_saved_password_is_used_only_where_it_goes_today(run: Run, engine: Engine) -> None:
    store()
    same = ("--topic", "other", "--servers", "k1:9093", "--mechanism", "PLAIN", "--username", "u")
    assert run("check", *same).code == 1
    assert engine.asked[0].password == Secret(MARKER)
    elsewhere = run("check", *same[:3], "evil:9093", *same[4:])
    assert elsewhere.code == 2
    assert "evil:9093 was not among the servers" in elsewhere.err
    assert len(engine.asked) == 1


@pytest.mark.parametrize("arguments", [("--topic", "a b"), ("--servers", "h1"), ("--username", "u", "--topic", "t")])
def test_a_form_that_does_not_hold_is_usage(run: Run, engine: Engine, arguments: tuple[str, ...]) -> None:
    ended = run("check", *arguments)
    assert (ended.code, engine.asked) == (2, [])
    assert "  fix: " in ended.err


def test_on_a_terminal_rows_fill_and_the_table_stands_once_at_the_end(new_terminal: Any, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        "from insights_tui.agent import checking\n"
        "from tests.cli.test_check import Engine\n"
        "engine = Engine()\n"
        "checking.steps_of = engine.steps\n"
        "from insights_tui.cli.main import main\n"
        "main(['check', '--topic', 't', '--servers', 'k1:9093'])\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    terminal: Terminal = new_terminal([sys.executable, str(script)], env=env)
    seen = terminal.wait_for("cannot be told")
    assert seen.count("One of two servers does not answer.") == 1
    assert "Checking every server" not in seen
    assert max(len(row) for row in seen.splitlines()) <= 79


def test_connect_that_fails_at_kafka_says_the_sentence_and_names_the_check(run: Run, agent: FakeAgent) -> None:
    agent.refuses("POST /v1/admin/insights-connection", "auth_failed")
    ended = run("connect", "--topic", "t", "--servers", "h1:1", "--socket", agent.socket)
    assert ended.code == 1
    assert "auth_failed is wrong." in ended.err
    assert "`insights-tui check`" in ended.err


def test_revisions_are_listed_newest_first(run: Run, agent: FakeAgent) -> None:
    past = [
        PastConnection(4, NOW, "alice", in_use=True, topic="b", broker_url="k1:9092", why_not="In use."),
        PastConnection(3, NOW, "bob", deletion=True, why_not="Revision 3 is a deletion."),
        PastConnection(2, NOW, "bob", topic="a\x1b[2J", broker_url="k1:9093", connection_type="kafka_sasl_ssl",
                       sasl_mechanism="PLAIN", broker_username="u", why_not="Its password was erased."),
    ]  # fmt: skip
    agent.says(f"GET {REVISIONS}", {"revisions": past})
    ended = run("revisions", "--socket", agent.socket)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "*   4  2026-11-22 12:00:00Z  alice: b on k1:9092, not encrypted",
        "    3  2026-11-22 12:00:00Z  bob: deleted",
        "    2  2026-11-22 12:00:00Z  bob: a� on k1:9093, PLAIN over TLS as u (Its password was erased.)",
    ]
    listed = run("revisions", "list", "--json", "--socket", agent.socket)
    assert [one["revision"] for one in json.loads(listed.out)["revisions"]] == [4, 3, 2]


def test_going_back_says_where_to(run: Run, agent: FakeAgent) -> None:
    agent.says(f"POST {REVISIONS}/2", SAVED)
    ended = run("revisions", "restore", "2", "--socket", agent.socket)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Back to revision 2: topic insights on kafka-1:9093,kafka-2:9093")
    assert run("revisions", "restore", "2", "--no-check", "--socket", agent.socket).code == 0
    assert [request.path.partition("?")[2] for request in agent.requests] == ["check=require", "check=skip"]
    agent.refuses(f"POST {REVISIONS}/3", "not_restorable", status=409)
    assert run("revisions", "restore", "3", "--socket", agent.socket).code == 1
    assert run("revisions", "restore", "0", "--socket", agent.socket).code == 2
