"""Brokers that freeze, die and come back at random while something else runs."""

import random
import threading
from types import TracebackType
from typing import Self

from tests.kafka_cluster import Cluster


class BrokerFaults:
    """One broker at a time is frozen or killed for some seconds, then mended; a thread of its own."""

    def __init__(self, cluster: Cluster, seed: int, *, active: bool = True, every_s: float = 8.0) -> None:
        self.frozen = 0
        self.killed = 0
        self._cluster = cluster
        self._rng = random.Random(seed)  # noqa: S311 - the same faults for the same seed
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-faults") if active else None

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._rng.uniform(0.2, 1.8) * self._every_s):
            node = self._rng.choice(self._cluster.nodes)
            if self._rng.random() < 0.6:
                self._cluster.freeze(node)
                self.frozen += 1
                self._over.wait(self._rng.uniform(0.5, 12))
                self._cluster.thaw(node)
            else:
                self._cluster.kill(node)
                self.killed += 1
                self._over.wait(self._rng.uniform(0.1, 5))
                self._cluster.restart(node)
