"""The form filled in, and refused: what several tests begin with."""

from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.host import Host, paste, type_in

UNREACHABLE = FieldError(
    "kafka_unreachable",
    "None of the servers answers: kafka-1:9092 refuses the connection.",
    "Check host and port, and a firewall between this host and Kafka.",
)


async def fill_plain(pilot: Pilot[None], topic: str = "insights", servers: str = "kafka-1:9092,kafka-2:9092") -> None:
    await pilot.pause()
    await type_in(pilot, topic)
    await pilot.press("enter")
    await paste(pilot, pilot.app, servers)


def mode(app: Host) -> Mode:
    return app.form.query_one(Actions).mode


def refused(*errors: FieldError) -> RefusedError:
    return RefusedError(errors, status=422)


def field(app: Host, name: Field) -> Input:
    return app.screen.query_one(f"#{name}", Input)


async def open_ca(pilot: Pilot[Any], app: Host) -> None:
    app.screen.query_one(f"#{Field.TYPE}").focus()
    await pilot.press("right")
    app.screen.query_one(CaField).focus()
    await pilot.pause()


def burst(app: Host, *keys: str) -> None:
    """Keys that arrive at once, as over a slow line; the app has looked at none of them before the last has come."""
    for key in keys:
        character = key if len(key) == 1 else None
        app.post_message(events.Key({":": "colon", ",": "comma", "-": "minus"}.get(key, key), character))
