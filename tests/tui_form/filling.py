"""The form filled in, and refused: what several tests begin with."""

from textual.pilot import Pilot

from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.tui.connection_form.actions import Actions, Mode
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
