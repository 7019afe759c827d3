"""A connection that stands is edited: what is filled in, what is kept, what is asked again."""

import pytest

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.host import FakeAgent, Host, focused, row_of, saved_connection, snapshot_of, text, type_in, until
from tests.tui_form.pems import pem


async def test_editing_fills_in_what_is_saved_and_leaves_the_password_empty() -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Acme Root CA · 1 certificate" in text(app))
        shown = text(app)
        assert "Edit Connection" in shown
        assert "kafka-1:9093,kafka-2:9093" in shown
        assert "(•) SCRAM-SHA-512" in shown
        assert "insights-p" in shown
        assert "unchanged" in row_of(app, "Kafka broker password")
        await pilot.press("escape")
        await until(pilot, lambda: app.given == [None])


async def test_an_unchanged_password_is_not_sent_and_a_new_server_asks_for_it_again() -> None:
    agent = FakeAgent(saved_connection())
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.form.query_one("#body").findings.loaded)  # type: ignore[attr-defined]
        await pilot.press("down")
        await type_in(pilot, ",kafka-9:9093")
        assert "kafka-9:9093 was not among the servers" in text(app)
        assert "unchanged" not in row_of(app, "Kafka broker password")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "1 problem to fix" in text(app))
        assert focused(app) == Field.PASSWORD
        assert "✖ kafka-9:9093 was not among the servers, so the saved password is not used." in text(app)
        assert agent.calls == []
        await pilot.press("up", "up", "up", "up")
        assert focused(app) == Field.SERVERS
        await pilot.press(*["backspace"] * len(",kafka-9:9093"))
        assert "problem" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].broker_password is None


async def test_a_certificate_that_could_not_be_read_is_never_taken_away() -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    agent.load_errors = [AgentUnavailableError("No agent answers.", "Wait."), AgentUnavailableError("Still none.")]
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "No agent answers." in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Still none." in text(app))
        assert agent.calls == []
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].ca_certificate
        assert "BEGIN CERTIFICATE" in agent.calls[0][0].ca_certificate


async def test_what_was_typed_before_the_saved_connection_came_stays() -> None:
    agent = FakeAgent(saved_connection(broker_username="from-agent", ca_certificate=pem("Acme Root CA", days=214)))
    snapshot = snapshot_of(saved_connection())
    app = Host(agent, snapshot)
    async with app.run_test(size=(120, 40)) as pilot:
        form = app.form.query_one("#body")
        await until(pilot, lambda: form.findings.loaded)  # type: ignore[attr-defined]
        await type_in(pilot, "-v2")
        form.take_saved(saved_connection(topic="other", broker_username="newer"))  # type: ignore[attr-defined]
        await pilot.pause()
        assert "insights-v2" in text(app)
        assert "newer" in text(app)


@pytest.mark.parametrize("configured", [True, False])
async def test_payloads_that_wait_are_announced_before_the_topic_changes(configured: bool) -> None:
    agent = FakeAgent(saved_connection() if configured else None)
    app = Host(agent, snapshot_of(agent.saved, pending=1204))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert ("1,204 payloads are waiting" in text(app)) is not configured
        await type_in(pilot, "-v2")
        shown = " ".join(text(app).replace("▌", "").split())
        assert "1,204 payloads are waiting; they will go to " in shown
        assert ("no longer to insights." in shown) is configured
        app.form.show_snapshot(snapshot_of(agent.saved, pending=1))
        await pilot.pause()
        assert "1 payload is waiting; it will go to" in text(app)
        app.form.show_snapshot(snapshot_of(agent.saved, pending=0))
        await pilot.pause()
        assert "waiting" not in text(app)


@pytest.mark.parametrize(
    ("field", "keys", "reason"),
    [
        (Field.MECHANISM, ["right"], "The mechanism was SCRAM-SHA-512"),
        (Field.CA, ["ctrl+u"], "The CA certificate changed"),
    ],
)
async def test_a_password_is_asked_again_where_somebody_else_would_get_it(
    field: Field, keys: list[str], reason: str
) -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "unchanged" in row_of(app, "Kafka broker password"))
        await until(pilot, lambda: "1 certificate" in text(app))
        app.form.set_focus(app.form.query_one(f"#{field}"))
        await pilot.press(*keys)
        await until(pilot, lambda: reason in text(app))
        assert "unchanged" not in row_of(app, "Kafka broker password")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "1 problem to fix" in text(app))
        assert focused(app) == Field.PASSWORD
        assert agent.calls == []
        await type_in(pilot, "typed")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
