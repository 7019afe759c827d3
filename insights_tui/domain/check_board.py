"""The steps of a check gathered by server, in the order in which a person reads them; the same for every surface."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from insights_tui.domain.check import CheckStep, CheckVerdict, Role, Step, StepState

ORDER = tuple(Step)
_UNKNOWN_ID = 1 << 31


@dataclass(slots=True)
class ServerRow:
    """One server, and its steps so far; a bootstrap server with a `node_id` is a member too."""

    server: str
    role: Role
    node_id: int | None = None
    steps: dict[Step, CheckStep] = field(default_factory=dict)

    @property
    def failure(self) -> CheckStep | None:
        """The first step that failed; those behind it are mostly its consequence."""
        return next((step for step in self.in_order if step.state is StepState.FAILED), None)

    @property
    def in_order(self) -> tuple[CheckStep, ...]:
        """The steps that ended, in the order in which they are done."""
        return tuple(self.steps[name] for name in ORDER if name in self.steps)

    @property
    def ms(self) -> float:
        """Milliseconds that its steps took in all."""
        return sum(step.ms or 0.0 for step in self.steps.values())


class CheckBoard:
    """Takes a check's items as they come; `servers` are the bootstrap servers, known before any step ends."""

    def __init__(self, servers: Iterable[str] = ()) -> None:
        self.verdict: CheckVerdict | None = None
        self._ids: dict[str, int] = {}
        self._rows = {(Role.BOOTSTRAP, server): ServerRow(server, Role.BOOTSTRAP) for server in servers}

    def take(self, item: CheckStep | CheckVerdict) -> None:
        """Take a step, or the verdict that ends the check."""
        if isinstance(item, CheckVerdict):
            self.verdict = item
            return
        row = self._rows.setdefault((item.role, item.server), ServerRow(item.server, item.role))
        row.steps[item.step] = item
        row.node_id = item.node_id if item.node_id is not None else row.node_id
        for member in item.members:
            self._ids.setdefault(member.server, member.id)

    def rows(self, role: Role) -> tuple[ServerRow, ...]:
        """Give the bootstrap servers as they were entered, or the other members by their id."""
        rows = [row for (kind, _), row in self._rows.items() if kind is role]
        for row in rows:
            if row.node_id is None:
                row.node_id = self._ids.get(row.server)  # one that does not answer is known by those that do
        if role is Role.MEMBER:
            rows.sort(key=lambda row: (_UNKNOWN_ID if row.node_id is None else row.node_id, row.server))
        return tuple(rows)

    @property
    def failed(self) -> tuple[ServerRow, ...]:
        """The servers with a failed step."""
        return tuple(row for row in self._rows.values() if row.failure is not None)
