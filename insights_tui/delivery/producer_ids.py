"""Asking Kafka for producer ids, one for each lane, from the broker that leads it."""

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import partial

from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.transaction import InitProducerIdRequest

from insights_tui.delivery.lane import Lane
from insights_tui.delivery.sequence import ProducerSequence, ProducerSequences
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.occurrence import Occurrence
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.client import Client
from insights_tui.kafka.verdict import clip

_REFUSALS = {31: "CLUSTER_AUTHORIZATION_FAILED", 35: "UNSUPPORTED_VERSION", 42: "INVALID_REQUEST", 53: "NOT_AUTHORIZED"}
_LATER = frozenset({5, 6, 7, 8, 13, 14, 15, 16, 41})  # on its way: the cluster has no controller just now, for one
_STRANGE = 3
"""Answers that nobody can explain before the cluster is taken not to give ids."""


class ProducerIds:
    """Gets ids where lanes lack them."""

    def __init__(
        self,
        client: Client,
        sequences: ProducerSequences,
        settings: DeliverySettings,
        *,
        changed: Callable[[], None],
        tell: Callable[[Occurrence], None],
    ) -> None:
        self._client, self._sequences, self._settings = client, sequences, settings
        self._changed, self._tell = changed, tell
        self._loop = asyncio.get_running_loop()
        self.tasks: set[asyncio.Task[None]] = set()
        """Questions under way."""

    def tend(self, lanes: Iterable[Lane], now: float) -> None:
        """Ask for what is missing and due."""
        for lane in lanes:
            if self._client.connected(lane.leader) and self._sequences.wants_id(lane.id, now):
                sequence = self._sequences[lane.id]
                sequence.asking = True
                if sequence.since is None:
                    sequence.since = now
                task = self._loop.create_task(self._ask(sequence, lane.leader))
                self.tasks.add(task)
                task.add_done_callback(partial(self._asked, sequence))

    async def _ask(self, sequence: ProducerSequence, leader: int | None) -> None:
        try:
            answer = await self._client.send(leader, InitProducerIdRequest(None, 60_000))
        except IncompatibleBrokerVersion as error:
            self.refused(f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - the connection is gone: its node tells why
            self._later(sequence, f"{type(error).__name__}: {error}")
        else:
            self._answered(sequence, answer.error_code, answer.producer_id, answer.producer_epoch)

    def _asked(self, sequence: ProducerSequence, task: asyncio.Task[None]) -> None:
        # not in the task: the next client asks again for the same lane, also where this task ended before it began
        sequence.asking = False
        self.tasks.discard(task)
        self._changed()

    def _answered(self, sequence: ProducerSequence, code: int, producer_id: int, epoch: int) -> None:
        if code == 0:
            sequence.grant(producer_id, epoch)
        elif code in _REFUSALS:
            self.refused(f"{_REFUSALS[code]} ({code})")
        else:
            self._later(sequence, f"error {code}")
            if code not in _LATER and sequence.failures >= _STRANGE:
                self.refused(f"error {code}")

    def _later(self, sequence: ProducerSequence, raw: str) -> None:
        sequence.failures += 1
        settings, now = self._settings, self._loop.time()
        sequence.ask_at = now + backoff_s(
            sequence.failures,
            base_s=settings.lane_backoff_s,
            cap_s=settings.backoff_cap_s,
            random=random.random(),  # noqa: S311 - spreads retries
        )
        self._sequences.fail(raw)

    def refused(self, raw: str, *, firmly: bool = False) -> None:
        """Note that the cluster takes no ids from us; `firmly` where it refused a batch because of one."""
        self._sequences.refuse(self._loop.time(), raw, firmly=firmly)

    def done_without(self) -> None:
        """Tell people, once, that Kafka took a batch without an id; before that it may be that it takes none at all."""
        raw = self._sequences.to_tell()
        if not raw:
            return
        self._tell(
            Occurrence(
                "warning",
                "not_idempotent",
                self._client.connection.topic,
                "Kafka gives this client no producer id: after a failure a payload may be in the topic twice.",
                fix="Grant the user IDEMPOTENT_WRITE on the cluster, or let consumers go by the header insights-id.",
                raw=clip(raw),
            )
        )
