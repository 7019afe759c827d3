"""Producer ids and sequence numbers: what lets Kafka drop a batch that it has already. Pure, no I/O, no clock.

Each lane has a producer id of its own and at most one request under way, so a number is used up exactly when Kafka
has the batch. A batch in doubt is frozen: it goes out again as it was, under the same id and number, until Kafka has
it or nobody waits for it any more; then the lane takes a new id. Ids belong to the cluster, not to a connection or a
client: they outlive both. Protocol: KIP-98; https://kafka.apache.org/documentation/#recordbatch.
"""

from collections.abc import Callable, Hashable

from insights_tui.kafka.records import ANONYMOUS, ProducerState

_WRAP = 0x7FFFFFFF
PATIENCE_S = 60.0
"""A lane that gets no id for so long sends without one: late is worse than twice."""
PATIENCE = 0.25
"""The same as a share of the deadline, where that is less."""
AGAIN_S = 300.0
"""A cluster that refused ids is asked again after this."""


class ProducerSequence:
    """The producer of one lane."""

    __slots__ = ("ask_at", "asking", "busy", "doubt", "epoch", "failures", "next", "over", "producer_id", "since")

    def __init__(self) -> None:
        self.producer_id = -1
        self.epoch = -1
        self.next = 0
        self.busy = False
        """A batch of it is under way."""
        self.doubt = False
        """Whether Kafka has the last batch is not known."""
        self.over = False
        """Not to be used again: another cluster, or its id is void."""
        self.asking = False
        self.ask_at = 0.0
        """Not before this time of the loop's clock."""
        self.since: float | None = None
        """Since when it waits for an id, on the loop's clock."""
        self.failures = 0

    @property
    def known(self) -> bool:
        """Whether it has an id."""
        return self.producer_id >= 0

    def state(self) -> ProducerState:
        """Tell what the next batch carries."""
        return ProducerState(self.producer_id, self.epoch, self.next)

    def grant(self, producer_id: int, epoch: int) -> None:
        """Take an id; its numbers begin at 0."""
        self.producer_id, self.epoch, self.next = producer_id, epoch, 0
        self.failures, self.since = 0, None

    def appended(self, count: int) -> None:
        """Kafka has the batch: its numbers are used up."""
        self.next = (self.next + count) & _WRAP
        self.doubt = False


class ProducerSequences:
    """The producers of all lanes of one topic of one cluster."""

    def __init__(self, *, enabled: bool, deadline_s: float = 240.0) -> None:
        self._enabled = enabled
        self._patience_s = min(PATIENCE_S, PATIENCE * deadline_s)
        self._home: Hashable = None
        self._of: dict[int, ProducerSequence] = {}
        self._refused_until: float | None = None
        self._why = ""
        self._told = self._firmly = False

    def settle_in(self, home: Hashable) -> bool:
        """Say which topic of which cluster is written to; tell whether it is another: then all begins anew."""
        if home == self._home:
            return False
        first = self._home is None
        self._home = home
        for sequence in self._of.values():
            sequence.over = True
        self._of = {}
        self._refused_until, self._why, self._told, self._firmly = None, "", False, False
        return not first

    def __getitem__(self, partition: int) -> ProducerSequence:
        return self._of.setdefault(partition, ProducerSequence())

    def active(self, now: float) -> bool:
        """Tell whether batches carry ids."""
        if self._refused_until is not None and now >= self._refused_until:
            self._refused_until = None
        return self._enabled and self._refused_until is None

    def refuse(self, now: float, why: str, *, firmly: bool = False) -> None:
        """Note that the cluster gives no ids; `firmly` where it refused a batch because of one."""
        self._refused_until = now + AGAIN_S
        self._why, self._firmly = why, firmly

    def fail(self, why: str) -> None:
        """Note why an id did not come."""
        self._why = why

    def reconsider(self) -> None:
        """Ask again: what was not permitted may be now."""
        if not self._firmly:
            self._refused_until, self._why = None, ""

    def to_tell(self) -> str:
        """Tell, once for a cluster, why a batch had to go without an id; empty where that is known or was chosen."""
        if self._told or not self._enabled:
            return ""
        self._told = bool(self._why)
        return self._why

    def ready(self, partition: int, now: float, frozen: Callable[[int], bool]) -> bool:
        """Tell whether a lane can take a batch: `frozen` tells whether one waits for its partition."""
        sequence = self[partition]
        if sequence.busy:  # of a client that is being retired
            return False
        if frozen(partition):
            return True
        if sequence.doubt:  # the batch in doubt is gone, its numbers may be used or not
            self.renew(sequence)
            sequence = self[partition]
        return sequence.known or not self.active(now) or self._unserved(sequence, now)

    def wants_id(self, partition: int, now: float) -> bool:
        """Tell whether an id should be asked for now."""
        sequence = self[partition]
        return self.active(now) and not (sequence.known or sequence.asking) and sequence.ask_at <= now

    def take(self, partition: int, now: float) -> tuple[ProducerSequence | None, ProducerState]:
        """Tell what a new batch carries."""
        sequence = self[partition]
        if not sequence.known or not self.active(now):
            return None, ANONYMOUS
        return sequence, sequence.state()

    def renew(self, sequence: ProducerSequence) -> None:
        """Have the lane take a new id."""
        sequence.over = True
        for partition, one in self._of.items():
            if one is sequence:
                self._of[partition] = ProducerSequence()
                return

    def _unserved(self, sequence: ProducerSequence, now: float) -> bool:
        return sequence.since is not None and now - sequence.since > self._patience_s
