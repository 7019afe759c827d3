"""`systemd`: a unit for the agent, hardened as far as it needs nothing.

Sources of the directives: systemd.exec(5), systemd.service(5). `systemd-analyze verify` and `systemd-analyze
security --offline` judge what it prints.
"""

import shutil
import sys
from pathlib import Path

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_options
from insights_tui.cli.output import CliError, put

_SYSTEM = """\
# The Insights agent as a system service. Install it so:
#   insights-tui systemd | sudo tee /etc/systemd/system/insights-tui.service
#   sudo systemctl daemon-reload && sudo systemctl enable --now insights-tui
# Where no user insights exists, systemd makes one for as long as the service runs, and root alone may use the socket.
# To let others connect and look, make it for good, and put them into its group:
#   sudo useradd --system --user-group --no-create-home insights && sudo usermod -aG insights alice
[Unit]
Description=Insights agent: metrics of algorithms to Kafka
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={command} agent --system
Restart=always
RestartSec=1
WatchdogSec=60
TimeoutStopSec=15
LimitCORE=0
UMask=0077

DynamicUser=yes
User=insights
Group=insights
StateDirectory=insights-tui
StateDirectoryMode=0700
RuntimeDirectory=insights-tui
RuntimeDirectoryMode=0750
ConfigurationDirectory=insights-tui

NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
_SOCKET = """\
# Holds the port while the agent restarts: whoever reports then waits a moment, and is not refused. Beside the service:
#   insights-tui systemd socket | sudo tee /etc/systemd/system/insights-tui.socket
#   sudo systemctl daemon-reload && sudo systemctl enable --now insights-tui.socket
# For your own agent: ~/.config/systemd/user/insights-tui.socket, and systemctl --user. It listens where INSIGHTS_LISTEN
# says; where you change that, change it here, too.
[Unit]
Description=Port of the Insights agent

[Socket]
ListenStream=127.0.0.1:9000
ListenStream=[::1]:9000
BindIPv6Only=ipv6-only
Backlog=1024

[Install]
WantedBy=sockets.target
"""
_OWN = """\
# Your own Insights agent, without root. Install it so:
#   mkdir -p ~/.config/systemd/user && insights-tui systemd --user > ~/.config/systemd/user/insights-tui.service
#   systemctl --user daemon-reload && systemctl --user enable --now insights-tui
# It ends when you log out, unless: loginctl enable-linger
[Unit]
Description=Insights agent: metrics of algorithms to Kafka

[Service]
Type=notify
NotifyAccess=main
ExecStart={command} agent
Restart=always
RestartSec=1
WatchdogSec=60
TimeoutStopSec=15
LimitCORE=0
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


@click.command("systemd")
@click.argument("unit", type=click.Choice(("service", "socket")), default="service")
@click.option("--user", "own", is_flag=True, help="For your own agent, without root.")
@common_options
@click.pass_context
def command(context: click.Context, unit: str, *, own: bool) -> int:
    """Print a unit for systemd that runs the agent; its first lines say how to install it.

    `service` runs it; `socket`, which may stand beside it, holds its port while it restarts.
    """
    del context
    if unit == "socket":
        put(_SOCKET.rstrip())
        return exits.FINE
    program = _program()
    private = program.is_relative_to("/home") or program.is_relative_to("/root")
    put((_OWN if own else _SYSTEM).format(command=_quoted(program), home="read-only" if private else "yes").rstrip())
    return exits.FINE


def _program() -> Path:
    """Find the command as it was called: a service has no PATH of ours."""
    called = Path(sys.argv[0])
    beside = Path(sys.executable).with_name("insights-tui")
    found = next((path for path in (called, beside) if path.name == beside.name and path.is_file()), None)
    named = found or shutil.which(beside.name)
    if named is None:
        text = f"The program {beside.name} is nowhere beside {sys.executable}."
        raise CliError(text, "Install the package, then run insights-tui systemd.", code=exits.ACT_FAILED)
    return Path(named).absolute()


def _quoted(program: Path) -> str:
    text = str(program).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"' if any(character.isspace() for character in text) or text != str(program) else text
