"""What a check has seen of one server: the stuff that comparing works on. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from insights_tui.domain.check import CheckStep, Role, Step, StepState
from insights_tui.domain.connection import Server
from insights_tui.domain.text import sanitize
from insights_tui.domain.trouble import Code
from insights_tui.kafka.server_certificate import ServerCertificate
from insights_tui.kafka.view import View
from insights_tui.kafka.why import Speaks

_NAME = 270
"""A host name has 253 characters at most."""


def name_of(server: Server) -> str:
    """Write `host:port`; what a cluster advertises may hold anything."""
    return sanitize(str(server), limit=_NAME)


@dataclass(slots=True)
class ServerSeen:
    """One server, filled as its steps end. Texts are sanitised."""

    server: Server
    role: Role
    node_id: int | None = None
    steps: dict[Step, CheckStep] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Each address of its name, and why it was not reached; empty where it was."""
    certificate: ServerCertificate | None = None
    verify_code: int | None = None
    """OpenSSL's reason not to trust the certificate (X509_V_ERR_*)."""
    speaks: Speaks | None = None
    """What a second look found at its port."""
    view: View | None = None
    """The cluster as it tells it."""
    configs: Mapping[str, str] | None = None
    """The topic's settings, where this server was asked and told them."""

    @property
    def name(self) -> str:
        """Write `host:port`."""
        return name_of(self.server)

    @property
    def failure(self) -> CheckStep | None:
        """The first step that failed, the topic's and the permission's left out: those are the connection's."""
        for name, step in self.steps.items():
            if step.state is StepState.FAILED and name not in (Step.TOPIC, Step.WRITE):
                return step
        return None

    @property
    def code(self) -> Code | None:
        """Why it failed."""
        return self.failure.code if self.failure is not None else None

    def state(self, step: Step) -> StepState | None:
        """Tell how a step ended."""
        return self.steps[step].state if step in self.steps else None
