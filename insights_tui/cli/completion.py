"""`completion`: what a shell needs to complete our verbs and options."""

import click
from click.shell_completion import get_completion_class

from insights_tui.cli import exits
from insights_tui.cli.options import common_options
from insights_tui.cli.output import CliError, put

PROGRAM = "insights-tui"
SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@common_options
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    r"""Print the completion of a shell, to be read at its start.

    \b
    bash: insights-tui completion bash >> ~/.bashrc
    zsh:  insights-tui completion zsh >> ~/.zshrc
    fish: insights-tui completion fish > ~/.config/fish/completions/insights-tui.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise CliError(f"There is no completion for {shell}.", f"Choose one of {', '.join(SHELLS)}.", code=exits.USAGE)
    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    put(kind(context.find_root().command, {}, PROGRAM, variable).source())
    return exits.FINE
