"""The closing report of a headless demo: what was promised, what happened, and whether the two agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from insights_tui.cli import exits
from insights_tui.cli.status_text import equation, state_word
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import counted, latency, rate


@dataclass(slots=True)
class Answers:
    """What the algorithms were told: the numbers answered 2xx, and those that got no answer."""

    accepted: set[int] = field(default_factory=set)
    in_doubt: set[int] = field(default_factory=set)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class SetCheck:
    """Numbers answered 2xx against numbers read back from the topic."""

    accepted: int
    read: int
    missing: int
    strange: int
    """Read, but neither accepted nor in doubt."""
    doubled: int
    forgotten: int
    """Records that the mock forgot before they could be read."""

    @property
    def holds(self) -> bool:
        """Whether both sets are proven equal."""
        return not (self.missing or self.strange or self.doubled or self.forgotten)

    @property
    def broken(self) -> bool:
        """Whether they are proven different; what the mock forgot proves nothing."""
        return bool(self.strange or self.doubled or (self.missing and not self.forgotten))

    @property
    def words(self) -> str:
        """Say it in one line."""
        if self.holds:
            return f"{self.accepted:,} answered 2xx, the same {self.read:,} read from the topic, none twice ✓"
        said = [f"{self.accepted:,} answered 2xx, {self.read:,} read from the topic"]
        if self.forgotten:
            said.append(f"not proven: the mock forgot {counted(self.forgotten, 'record')} before they were read")
        if self.missing:
            said.append(f"{self.missing:,} missing")
        if self.doubled:
            said.append(f"{self.doubled:,} twice")
        if self.strange:
            said.append(f"{self.strange:,} that nobody sent")
        return "; ".join(said) + (" ✗" if self.broken else "")


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything the report says."""

    snapshot: Snapshot
    answers: Answers
    check: SetCheck
    elapsed_s: float

    @property
    def agrees(self) -> bool:
        """Whether the agent counts at least what it answered 2xx (a test payload sent by hand comes on top)."""
        return len(self.answers.accepted) <= self.snapshot.counts.accepted

    @property
    def code(self) -> int:
        """Tell the exit code: a broken promise first, then lost, then not delivering."""
        snapshot = self.snapshot
        if not snapshot.counts.balanced or self.check.broken or not self.agrees:
            return exits.ACT_FAILED
        return exits.of_snapshot(snapshot) or (exits.NOT_DELIVERING if snapshot.counts.pending else exits.FINE)

    def lines(self) -> list[str]:
        """Write the report."""
        snapshot = self.snapshot
        counts, took = snapshot.counts, snapshot.latency
        spread = f"p50 {latency(took.p50)}, p99 {latency(took.p99)}, max {latency(took.max)}"
        said = [
            f"Demo over after {self.elapsed_s:.1f} s, state {state_word(snapshot.state)}.",
            f"Accepted:   {counts.accepted:,} ({rate(counts.accepted / max(self.elapsed_s, 0.001))} on average)",
            f"Delivered:  {counts.delivered:,}",
            f"Equation:   {equation(counts)}",
            f"Latency:    {spread} from acceptance to Kafka's acknowledgement, over the last minute",
            f"Set check:  {self.check.words}",
        ]
        if not self.agrees:
            said.append(f"Counted:    {counted(len(self.answers.accepted), 'payload')} answered 2xx, fewer counted ✗")
        if self.answers.refused or self.answers.in_doubt:
            said.append(
                f"Not taken:  {self.answers.refused:,} refused, {len(self.answers.in_doubt):,} without an answer"
            )
        return said

    def as_json(self) -> Mapping[str, object]:
        """Give the same for programs."""
        counts, took, check = self.snapshot.counts, self.snapshot.latency, self.check
        return {
            "elapsed_s": self.elapsed_s,
            "accepted": counts.accepted,
            "delivered": counts.delivered,
            "pending": counts.pending,
            "lost_open": self.snapshot.lost_open,
            "balanced": counts.balanced,
            "latency_s": {"p50": took.p50, "p99": took.p99, "max": took.max},
            "set_check": {
                "holds": check.holds,
                "answered": check.accepted,
                "read": check.read,
                "missing": check.missing,
                "doubled": check.doubled,
                "strange": check.strange,
                "forgotten": check.forgotten,
            },
            "exit_code": self.code,
        }


def compare(answers: Answers, read: set[int], *, doubled: int, forgotten: int) -> SetCheck:
    """Hold what was answered 2xx against what is in the topic."""
    return SetCheck(
        accepted=len(answers.accepted),
        read=len(read),
        missing=len(answers.accepted - read),
        strange=len(read - answers.accepted - answers.in_doubt),
        doubled=doubled,
        forgotten=forgotten,
    )
