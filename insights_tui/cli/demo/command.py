"""The verb `demo`."""

import click

from insights_tui.cli.demo.schedule import Schedule
from insights_tui.cli.options import common_of, common_options, look_of, look_options
from insights_tui.cli.reach import errors_told

USUAL_RATE = 40.0


@click.command("demo")
@click.option("--headless", is_flag=True, help="No screen: a line a second and a closing report.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), metavar="N", help="End after N seconds.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0.1, max=100_000),
    metavar="N",
    default=USUAL_RATE,
    help=f"Payloads a second, all three algorithms together (default {USUAL_RATE:g}).",
)
@common_options
@look_options
@click.pass_context
def command(
    context: click.Context,
    *,
    headless: bool,
    seconds: float | None,
    rate: float,
    ascii_only: bool | None,
    interval: float,
    mouse: bool | None,
    read_only: bool | None,
    theme: str | None,
) -> int:
    """Watch it work: three brokers, an agent and three algorithms, all inside; nothing is left behind.

    Nothing in it is durable, encrypted or authenticated: it shows the interface, not what Kafka does.
    """
    common = common_of(context)
    schedule = Schedule(rate, seconds)
    if headless:
        from insights_tui.cli.demo.headless import run

        with errors_told(common):
            return run(schedule, socket=common.socket, as_json=common.json)
    from insights_tui.cli.interface import Attached, require_terminal, show

    require_terminal("Use `insights-tui demo --headless`.")
    from insights_tui.cli.demo.session import algorithms, demo_session
    from insights_tui.cli.logs import log_nowhere

    log_nowhere()
    with (
        errors_told(common),
        demo_session(socket=common.socket) as session,
        algorithms(session.url, schedule, quiet=True),
    ):
        attached = Attached(session.socket, embedded=session.embedded)
        look = look_of(ascii_only=ascii_only, interval=interval, mouse=mouse, read_only=read_only, theme=theme)
        return show(attached, look, timeout_s=common.timeout_s, seconds=seconds)
