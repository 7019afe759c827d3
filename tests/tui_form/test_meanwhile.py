"""Two people edit the connection: nobody's change is written over unseen."""

from dataclasses import replace

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import CaSummary, Snapshot
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.command_line import CommandLine
from insights_tui.tui.connection_form.meanwhile import CODE, Meanwhile
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.host import (
    NOW,
    FakeAgent,
    Host,
    focused,
    row_of,
    saved_connection,
    snapshot_of,
    text,
    type_in,
    until,
)
from tests.tui_form.pems import pem

THEIRS = saved_connection(revision=4, topic="theirs")


def edited() -> tuple[Host, FakeAgent]:
    agent = FakeAgent(saved_connection())
    return Host(agent, snapshot_of(agent.saved)), agent


def change(app: Host, agent: FakeAgent, *, deleted: bool = False) -> None:
    """Somebody else saves, or deletes, and the next snapshot tells."""
    agent.saved = None if deleted else THEIRS
    app.form.show_snapshot(snapshot_of(agent.saved))


async def test_what_was_not_touched_follows_and_says_whose_it_is() -> None:
    app, agent = edited()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        change(app, agent)
        await until(pilot, lambda: "theirs" in row_of(app, "Topic name"))
        assert "alice saved topic theirs" in text(app)
        assert "The fields show it now." in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.given))
    assert agent.over == [4]


async def test_what_was_typed_stays_and_connect_asks_before_it_saves_over_theirs() -> None:
    app, agent = edited()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        await type_in(pilot, "mine")
        change(app, agent)
        await until(pilot, lambda: "alice saved topic theirs" in text(app))
        assert "insightsmine" in row_of(app, "Topic name")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save over what somebody else saved" in text(app))
        assert focused(app) == "back"
        assert not agent.calls
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: bool(app.given))
    assert agent.over == [4]
    assert agent.calls[0][0].topic == "insightsmine"


async def test_theirs_can_be_loaded_in_place_of_what_was_typed() -> None:
    app, agent = edited()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        await type_in(pilot, "mine")
        change(app, agent)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: focused(app) == "back")
        await pilot.press("right", "enter")
        await until(pilot, lambda: "theirs" in row_of(app, "Topic name"))
        assert "mine" not in row_of(app, "Topic name")
        assert not app.screen.query_one(FormBody).changed
    assert not agent.calls


async def test_a_deleted_connection_is_told_and_its_secret_no_longer_counted_on() -> None:
    app, agent = edited()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        assert "unchanged" in row_of(app, "broker password")
        change(app, agent, deleted=True)
        await until(pilot, lambda: "The connection was deleted meanwhile." in text(app))
        assert row_of(app, "Connect to Kafka")
        assert "unchanged" not in text(app)
        await pilot.press("ctrl+g", "p")
        await type_in(pilot, "secret")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Somebody else deleted it" in text(app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: bool(app.given))
    assert agent.over == [0]


async def test_the_agent_s_own_word_asks_too() -> None:
    """The snapshot that tells of the change comes after ctrl+s."""
    app, agent = edited()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        agent.answers.append(RefusedError((FieldError(CODE, "alice saved topic theirs.", "Look."),), status=409))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save over what somebody else saved" in text(app))
        assert "alice saved topic theirs." in text(app)


async def test_a_connection_that_could_not_be_read_is_read_once_the_agent_answers() -> None:
    bundle = pem("Acme Root CA", days=214)
    agent = FakeAgent(saved_connection(ca_certificate=bundle))
    agent.load_errors = [AgentUnavailableError("No agent answers.", "Wait.")]
    app = Host(agent, with_ca(snapshot_of(agent.saved)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "No agent answers." in text(app))
        assert "as saved: CN=Acme Root CA" in row_of(app, "CA certificate")
        assert "--ca FILE" in app.screen.query_one(CommandLine).text
        app.form.show_snapshot(with_ca(snapshot_of(agent.saved)))
        await until(pilot, lambda: "No agent answers." not in text(app))
        assert app.screen.query_one(FormBody).values.ca == bundle
        await pilot.press("ctrl+g", "a")
        assert focused(app) == Field.CA


def with_ca(snapshot: Snapshot) -> Snapshot:
    assert snapshot.connection is not None
    return replace(snapshot, connection=replace(snapshot.connection, ca=CaSummary("CN=Acme Root CA", "00", NOW)))


def test_an_older_snapshot_tells_nothing() -> None:
    seen = Meanwhile().filled(4)
    assert seen.see(snapshot_of(saved_connection(revision=3))) == seen
    assert seen.see(snapshot_of(THEIRS)).told is None
    assert seen.see(snapshot_of(None)).told is not None
