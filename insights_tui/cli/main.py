"""`insights-tui`: finds the verb, runs it, and turns whatever ends it into words and an exit code."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from insights_tui import __version__
from insights_tui.cli import collector, exits
from insights_tui.cli.options import common_of, common_options, look_of, look_options
from insights_tui.cli.output import CliError, ReaderGoneError, put_error_json, say_error
from insights_tui.domain.refused import FieldError

_VERBS = {
    "demo": "Watch it work: three brokers, an agent and three algorithms, all inside.",
    "agent": "Run the agent: take payloads in and deliver them to Kafka.",
    "connect": "Connect to Kafka, or change the connection.",
    "check": "Check every server of a connection, step by step.",
    "revisions": "List the earlier connections, or go back to one.",
    "disconnect": "Delete the connection; what is queued stays.",
    "status": "Tell how delivery is.",
    "lost": "List lost payloads, send them again, or drop them.",
    "algorithms": "List the algorithms that report; turn Insights on or off for them.",
    "run": "Run a command as one execution: one payload at its end.",
    "send": "Hand payloads in from a file or a pipe, or send a test payload.",
    "tail": "Show payloads as they go by: in the topic, or as they are accepted.",
    "events": "Show what happened.",
    "config": "Show the settings with their origin, or check them.",
    "systemd": "Print a unit for systemd that runs the agent.",
    "completion": "Print the completion of a shell.",
}
"""Verb and short help: here, so that `--help` imports none of them."""

_MODULES = {"demo": "insights_tui.cli.demo.command"}
"""Verbs that are more than one module."""

_EPILOG = """\b
Exit codes: 0 fine, 1 the act failed, 2 usage, 3 no connection configured, 4 no agent,
5 not delivering as it should, 6 payloads lost, 78 configuration."""


class _Verbs(click.Group):
    """Imports a verb's module when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the verbs in the order people need them."""
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one verb."""
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(_MODULES.get(cmd_name, f"insights_tui.cli.{cmd_name}"))
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the verbs without importing them, and the options."""
        verbs = [CompletionItem(verb, help=words) for verb, words in _VERBS.items() if verb.startswith(incomplete)]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(
    cls=_Verbs, invoke_without_command=True, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="insights-tui")
@common_options
@look_options
@click.pass_context
def cli(
    context: click.Context,
    *,
    ascii_only: bool | None,
    interval: float,
    mouse: bool | None,
    read_only: bool | None,
    theme: str | None,
) -> int:
    """Send your algorithms' metrics to Kafka, and know at a glance that they arrive.

    Without a command it opens the interface: attached to the agent of this machine, or with one of its own.
    """
    if context.invoked_subcommand is None:
        with collector.held():
            from insights_tui.cli.interface import run

            look = look_of(ascii_only=ascii_only, interval=interval, mouse=mouse, read_only=read_only, theme=theme)
        return run(common_of(context, several=True), look)
    return exits.FINE


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; ends by `SystemExit` with a code of the table."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = cli.main(args=arguments, prog_name="insights-tui", standalone_mode=False)
        sys.stdout.flush()
    except CliError as error:
        code = error.code
        if not error.shown:
            if "--json" in arguments:
                put_error_json([FieldError(error.name, str(error), error.hint)])
            say_error(str(error), error.hint)
    except click.ClickException as error:  # a UsageError is exit code 2
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = exits.INTERRUPTED
    except (BrokenPipeError, ReaderGoneError):
        # The reader went away (`| head`): nobody is left to tell, and Python's own last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = exits.BROKEN_PIPE
    raise SystemExit(code or exits.FINE)


if __name__ == "__main__":
    main()
