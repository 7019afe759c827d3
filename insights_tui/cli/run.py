"""`run`: a command as one execution, with one payload at its end; without an agent it runs all the same."""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

import click

from insights_tui.cli import child
from insights_tui.cli.executing import FINISH_S, Begun, NoAgentError, begin, finish, keep_alive
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, say, say_error
from insights_tui.cli.relay import Relay, listening
from insights_tui.domain.text import counted
from insights_tui.sdk.address import names_of

BEGIN_S = 1.0
"""For which the start of the command waits for the agent."""
VARIABLES = ("ALGORITHMIA_API", "ALGORITHM_QUEUE_READER_URL", "INSIGHTS_URL")
"""Where `algorithmia` 2.x, 1.x and our SDK find the agent."""

T = TypeVar("T")


@click.command(
    "run", context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS] [--as OWNER/NAME/VERSION] --"
)
@click.option("--as", "names", metavar="OWNER/NAME/VERSION", help="The algorithm that the command is.")
@click.argument("command", metavar="CMD…", nargs=-1, required=True, type=click.UNPROCESSED)
@common_options
@click.pass_context
def command(context: click.Context, names: str | None, command: tuple[str, ...]) -> int:
    """Run a command as one execution: its reports, its duration and its exit code become one payload.

    The clients in it find the execution by themselves. Input, output, signals and the exit code are the command's
    own; where there is no agent it runs without Insights, and what it reports while the agent is away is kept until
    it ends.
    """
    try:
        algorithm = names_of(names) if names is not None else None
    except ValueError:
        raise click.UsageError("--as takes OWNER/NAME/VERSION, for example acme/credit_score/1.0.6.") from None
    common = common_of(context)
    mask = child.hold_signals()
    over = threading.Event()
    beginning = _Bounded(lambda: begin(common, algorithm), lambda begun: keep_alive(begun, over))
    begun, trouble = beginning.result(BEGIN_S)
    relay = Relay(lambda: beginning.result(0.0)[0])
    code = child.ending()
    if code is not None:
        _end(beginning, relay, {}, 0.0)
        return code
    with ExitStack() as stack:
        if begun is None:
            say(f"insights-tui: {clean(trouble)}; it runs without Insights.")
        url = stack.enter_context(listening(relay))
        environ = {**os.environ, **(dict.fromkeys(VARIABLES, url) if url is not None else {})}
        try:
            ended = child.run(command, environ, mask)
        except child.NotStartedError as error:
            say_error(str(error))
            _end(beginning, relay, {"exit_code": error.code}, 0.0)
            return error.code
    metrics = {"exit_code": ended.code, "cpu_seconds": round(ended.cpu_s, 6), "max_rss_bytes": ended.max_rss_bytes}
    over.set()
    told = _end(beginning, relay, metrics, ended.duration_s)
    if told:
        say(f"insights-tui: {clean(told)}")
    return ended.code


def _end(beginning: "_Bounded[Begun]", relay: Relay, metrics: dict[str, float], duration_s: float) -> str:
    """Finish what was begun, also where the agent answered too late for the command; gives what went wrong."""
    begun, _ = beginning.result(0.0)
    if begun is None:
        return ""
    published, trouble = _Bounded(lambda: finish(begun, metrics, duration_s, relay.flush)).result(FINISH_S)
    lost = relay.waiting + relay.dropped
    if published is None:
        without = f", without {counted(lost, 'report')} of the command" if lost else ""
        return f"{trouble}; once it is up, it publishes this execution ten minutes after its last report{without}."
    if relay.dropped:
        return (
            f"the agent was away for a while: the payload is without {counted(relay.dropped, 'report')} of the command."
        )
    return "" if published else "the agent published this execution before it ended, without its exit code."


class _Bounded(Generic[T]):
    """Something that may take too long, on a thread that nobody has to wait for, and what follows it there."""

    def __init__(self, act: Callable[[], T], then: Callable[[T], None] = lambda _: None) -> None:
        self._act = act
        self._then = then
        self._done = threading.Event()
        self._value: T | None = None
        self._trouble = "the agent does not answer"
        threading.Thread(target=self._run, daemon=True).start()

    def result(self, timeout_s: float) -> tuple[T | None, str]:
        """Give what came of it by then, else `None` and why."""
        self._done.wait(timeout_s)
        return self._value, self._trouble

    def _run(self) -> None:
        try:
            self._value = self._act()
        except NoAgentError as error:
            self._trouble = str(error)
            return
        finally:
            self._done.set()
        self._then(self._value)
