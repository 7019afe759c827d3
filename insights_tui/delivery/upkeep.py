"""Upkeep of one Kafka client: connections kept open, members visited, metadata kept fresh."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka.conn import CloseReason

from insights_tui.delivery.settings import DeliverySettings
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.client import Client
from insights_tui.kafka.node import Node
from insights_tui.kafka.view import View


class Upkeep:
    """Starts what is due. It never waits while it decides."""

    def __init__(
        self,
        client: Client,
        settings: DeliverySettings,
        *,
        apply: Callable[[View], None],
        changed: Callable[[], None],
    ) -> None:
        self._client, self._settings = client, settings
        self._apply, self._changed = apply, changed
        self._loop = asyncio.get_running_loop()
        self.tasks: set[asyncio.Task[Any]] = set()
        """What is under way."""
        self.stale = False
        """Whether the metadata are known to be out of date."""
        self._refreshing = False
        self._refresh_failures = 0
        self._refresh_at = 0.0
        self._visit_at = self._loop.time() + settings.visit_s
        self._pinging: set[int] = set()

    def tend(self, now: float) -> float:
        """Start what is due; tell when to look again (seconds)."""
        return max(0.01, min(1.0, self._tend_nodes(now), self._tend_metadata(now)))

    def refreshed(self, *, whole: bool) -> None:
        """Note that the cluster has told its state; where something is missing, ask again soon."""
        if whole and not self._leader_down():
            self._refresh_failures = 0
            self._refresh_at = self._loop.time() + self._settings.metadata_s
        else:
            self._refresh_later()

    def _tend_nodes(self, now: float) -> float:
        client = self._client
        nodes = list(client.nodes.values())
        if nodes and not any(node.wanted for node in nodes):
            random.choice(nodes).wanted = True  # noqa: S311 - any will do
        pause = 1.0
        strangers = []
        for node in nodes:
            wire = client.wire(node.id)
            if wire is not None:
                silent = now - wire.heard >= self._settings.ping_s
                if silent and not wire.waiting and node.id not in self._pinging:
                    self._pinging.add(node.id)
                    self._spawn(self._ping(node))
            elif node.connecting:
                continue
            elif node.retry_at > now:
                pause = min(pause, node.retry_at - now)
            elif node.wanted:
                self._spawn(client.connect(node))
            else:
                strangers.append(node)
        if strangers and now >= self._visit_at and client.quiet_s >= self._settings.visit_s:
            # members that lead nothing of ours: one login at a time, in no hurry, but traffic must reach them too
            self._visit_at = now + self._settings.visit_s
            self._spawn(client.connect(min(strangers, key=lambda node: node.failures)))
        return pause

    def _tend_metadata(self, now: float) -> float:
        if self._refreshing:
            return 1.0
        if not self._refresh_failures and self._leader_down():
            self._refresh_later()  # Kafka will name another before long: look until it has
        wait = self._refresh_at - now
        if wait > 0 and (self._refresh_failures or not self.stale):
            return wait
        nodes = [node for node in self._client.nodes.values() if self._client.connected(node.id)]
        if nodes:
            self._refreshing, self.stale = True, False
            self._spawn(self._refresh(random.choice(nodes)))  # noqa: S311 - any will do
        return 1.0

    def _leader_down(self) -> bool:
        view, nodes = self._client.view, self._client.nodes
        leaders = {part.leader for part in view.partitions.values()} if view is not None else set()
        return any(nodes[leader].state == "down" for leader in leaders if leader in nodes)

    async def _ping(self, node: Node) -> None:
        try:
            await self._client.ping(node)
        finally:
            self._pinging.discard(node.id)

    async def _refresh(self, node: Node) -> None:
        try:
            view = await self._client.refresh(node)
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is of no use
            wire = self._client.wire(node.id)
            if wire is not None:
                timed_out = isinstance(error, TimeoutError)
                wire.close(CloseReason.CONNECTION_TIMEOUT if timed_out else CloseReason.CONNECTION_BROKEN, error)
            self._refresh_later()
        else:
            self._apply(view)
        finally:
            self._refreshing = False
            self._changed()

    def _refresh_later(self) -> None:
        self._refresh_failures += 1
        settings = self._settings
        self._refresh_at = self._loop.time() + backoff_s(
            self._refresh_failures,
            base_s=settings.start_backoff_s,
            cap_s=settings.backoff_cap_s,
            random=random.random(),  # noqa: S311 - spreads retries
        )

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
