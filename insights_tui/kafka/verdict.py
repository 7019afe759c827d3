"""What a failure means: the answer of the classification, and what it is asked about."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Trouble

NO_ANSWER = "no answer in time"
"""The raw text where nobody said anything."""
RAW_LIMIT = 500
"""Characters of foreign text that are kept."""


class Action(StrEnum):
    """What to do with the batch, or with the connection."""

    DONE = "done"
    """Kafka has it."""
    RETRY = "retry"
    """Try again until the deadline."""
    SPLIT = "split"
    """The content is refused: halve the batch until one payload is left; that one is rejected."""
    RENEW = "renew"
    """The producer's sequence is lost: take a new one, then try again."""


Scope = Literal["partition", "broker", "topic", "client"]
"""What else is affected: just this partition, all that its broker leads, all of the topic, or the whole client."""

Pace = Literal["quick", "slow"]
"""How fast to come back: `slow` is for what a person must mend and for whatever may lock an account."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from one failure."""

    action: Action
    in_doubt: bool
    """Whether the broker may have appended the batch all the same."""
    trouble: Trouble
    scope: Scope = "partition"
    pace: Pace = "quick"
    refresh: bool = False
    """Whether the metadata is stale."""
    show_after_s: float = 0.0
    """How long it must last before people are told: a leader that moves is no news."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom we talked to, and how."""

    server: Server
    topic: str
    tls: bool = False
    mechanism: str | None = None
    username: str | None = None
    node_id: int | None = None
    """The cluster's number for it; `None` for a server of the bootstrap list."""
    listed: bool = True
    """Whether the address is one that a person entered; otherwise the cluster advertised it."""

    @property
    def name(self) -> str:
        """Name it in the middle of a sentence."""
        if self.node_id is None:
            return f"{self.server}"
        if self.listed:
            return f"broker {self.node_id} at {self.server}"
        return f"broker {self.node_id}, which the cluster advertises as {self.server},"


def clip(text: object) -> str:
    """Keep the start of a foreign text."""
    whole = str(text)
    return whole if len(whole) <= RAW_LIMIT else whole[: RAW_LIMIT - 1] + "…"
