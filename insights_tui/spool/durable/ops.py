"""What happens to rows after acceptance, on its way into a transaction."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload


class Final(NamedTuple):
    """Payloads of one epoch that ended alike."""

    seqs: Sequence[int]
    """Sorted, each once."""
    outcome: Outcome
    reason: str
    ended_ms: int
    size: int
    """Bytes they take, as `row.cost` counts them."""
    late_ack: bool = False


class LateAck(NamedTuple):
    """Dead letters that Kafka acknowledged after all."""

    seqs: Sequence[int]


class Doubt(NamedTuple):
    """Pending payloads that may be in the topic."""

    seqs: Sequence[int]


class Dropped(NamedTuple):
    """Dead letters that a person dropped."""

    seqs: Sequence[int]
    size: int
    bodiless: Literal["none", "damaged", "all"] = "none"
    """Which of those without a body are dropped too."""


class Redriven(NamedTuple):
    """Dead letters that were accepted again."""

    seqs: Sequence[int]


class Evicted(NamedTuple):
    """Dead letters whose bodies made room; `open` of them nobody had dealt with."""

    seqs: Sequence[int]
    size: int
    open: int


class Intent(NamedTuple):
    """Dead letters of other epochs that are accepted again in this transaction: to be marked there after it."""

    seqs: Sequence[int]


class Vanished(NamedTuple):
    """So many payloads that must be in the file are not."""

    many: int
    seqs: Sequence[int] = ()


class Surplus(NamedTuple):
    """So many payloads are in the file that the counters do not know."""

    many: int
    seqs: Sequence[int] = ()


Key = bytes
"""Of an execution."""


class Forgotten(NamedTuple):
    """Executions whose end is noted elsewhere by now."""

    keys: Sequence[Key]
    seqs: Sequence[int] = ()


Op = Final | LateAck | Doubt | Dropped | Redriven | Evicted | Intent | Vanished | Surplus | Forgotten


class Batch(NamedTuple):
    """Drafts that one caller wants accepted together."""

    drafts: Sequence[Draft]
    deadline_s: float
    ended: Sequence[bytes] = ()
    """Keys of the executions that end with it: noted in the same transaction."""


class Taken(NamedTuple):
    """They are durable."""

    payloads: list[Payload]
    paged: bool
    """They stay on disk until they are loaded."""
