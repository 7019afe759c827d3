"""The Kafka client: aiokafka's, with its connections, metadata and retries taken into our own hands.

What stays aiokafka's: the protocol and `AIOKafkaClient.send()`. What is ours, and why (design/aiokafka.md §1.3):
no connection is made behind our back (aiokafka reconnects 20-40 times a second, and one dead broker blocks the
connecting to all others), no metadata request ever creates a topic, no task of aiokafka's can die silently, and every
failure keeps its cause.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.metadata import MetadataRequest

from insights_tui.domain.clock import Clock, Moment
from insights_tui.domain.connection import Connection, Server
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.bootstrap import StartError, first_answer
from insights_tui.kafka.cause import LoginHeldError, StageError, of_stage
from insights_tui.kafka.classify import of_request
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.node import Node
from insights_tui.kafka.tls import context_of
from insights_tui.kafka.verdict import Peer, Verdict
from insights_tui.kafka.view import View, view_of
from insights_tui.kafka.wire import Wire, let_go

_METADATA_WITHOUT_CREATION = 4  # the first version of the request that can forbid to create the topic
_GONE_S = 600.0  # a broker that the cluster no longer lists is shown for so long


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: for a step of connecting or a request, for names and addresses, between two tries."""

    request_s: float = 10.0
    connect_s: float = 5.0
    backoff_s: float = 0.25
    backoff_cap_s: float = 5.0
    slow_backoff_s: float = 2.0
    slow_backoff_cap_s: float = 60.0


class Client(AIOKafkaClient):  # type: ignore[misc] # aiokafka ships no types
    """A client of one connection. Nothing in it retries; whoever owns it decides when to connect or to ask."""

    def __init__(
        self, connection: Connection, *, clock: Clock, gate: LoginGate, times: Times, client_id: str = "insights-tui"
    ) -> None:
        self._context = context_of(connection)
        super().__init__(bootstrap_servers=connection.bootstrap, client_id=client_id)
        self.connection = connection
        self.nodes: dict[int, Node] = {}
        self.view: View | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called when a broker comes or goes."""
        self.on_news: Callable[[Node], None] = lambda _: None
        """Called when a broker that was up is down, or the other way round."""
        self._clock, self._gate, self._times = clock, gate, times
        self._mechanism = connection.mechanism.value if connection.mechanism and self._context else None
        self._wires: set[Wire] = set()
        self._shut = False

    # what aiokafka would do by itself

    def force_metadata_update(self) -> "asyncio.Future[bool]":
        """Do nothing: `refresh()` is called by whoever owns the client."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    async def _get_conn(self, node_id: int, *, group: int = ConnectionGroup.DEFAULT, no_hint: bool = False) -> Any:
        del no_hint
        wire = self._conns.get((node_id, group))
        return wire if wire is not None and wire.open else None

    async def _metadata_update(self, *_: object) -> bool:
        raise AssertionError("aiokafka's own metadata request creates topics")

    # what we do

    def peer(self, node: Node) -> Peer:
        """Describe a member for the classification."""
        return self.peer_at(node.server, node.id, listed=node.server in self.connection.servers)

    def wire(self, node_id: int | None) -> Wire | None:
        """Tell the open connection to a member."""
        wire: Wire | None = self._conns.get((node_id, ConnectionGroup.DEFAULT))
        return wire if wire is not None and wire.open else None

    def connected(self, node_id: int | None) -> bool:
        """Tell whether requests to a member go out at once."""
        return self.wire(node_id) is not None

    @property
    def quiet_s(self) -> float:
        """Seconds since the last login, at whichever server."""
        return self._gate.quiet_s

    async def bootstrap(self) -> View:
        """Ask the servers of the list until one tells the cluster; raises `StartError`, `LoginHeldError`."""
        wire, view = await first_answer(self.connection.servers, self._introduce)
        self._learn(view)
        self._adopt(wire)
        return view

    async def connect(self, node: Node) -> bool:
        """Connect to a member; its `Node` says what came of it. Raises nothing."""
        if node.connecting or self._shut:
            return False
        node.connecting = True
        loop = asyncio.get_running_loop()
        try:
            wire = self._new_wire(node.server, node)
            await wire.connect()
        except LoginHeldError:
            node.retry_at = loop.time() + max(0.05, self._gate.wait_s)
        except StageError as error:
            others = [one.state for one in self.nodes.values() if one is not node]
            answer = bool(others) and all(state == "up" for state in others)
            self._went_down(node, of_stage(error, self.peer(node), others_answer=answer))
        else:
            self._conns[(node.id, ConnectionGroup.DEFAULT)] = wire
            self._heard(node, wire)
            self.on_change()
            return True
        finally:
            node.connecting = False
        self.on_change()
        return False

    async def refresh(self, node: Node) -> View:
        """Ask a connected member who leads what; raises what `AIOKafkaClient.send` raises."""
        wire = self.wire(node.id)
        if wire is None:
            raise ConnectionError
        view = await self._ask(wire)
        self._heard(node, wire)
        self._learn(view)
        return view

    async def ping(self, node: Node) -> None:
        """Ask a connected member for a sign of life; its silence closes the connection."""
        wire = self.wire(node.id)
        if wire is None:
            return
        try:
            await wire.ask(ApiVersionRequest())
        except TimeoutError:
            wire.close(CloseReason.CONNECTION_TIMEOUT)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use
            wire.close(CloseReason.CONNECTION_BROKEN)
        else:
            self._heard(node, wire)

    def answered(self, node_id: int | None, seconds: float) -> None:
        """Note that a member answered a request."""
        node = None if node_id is None else self.nodes.get(node_id)
        if node is not None:
            node.rtt_s = seconds

    async def shut(self) -> None:
        """Let go of every socket at once; waits for the loop to notice, no longer than a second."""
        self._shut = True
        wires, self._wires = list(self._wires), set()
        self._conns.clear()
        await let_go(wires)

    async def close(self) -> None:
        """Let go, under aiokafka's own name."""
        await self.shut()

    def peer_at(self, server: Server, node_id: int | None = None, *, listed: bool = True) -> Peer:
        """Describe a server for the classification."""
        return Peer(
            server,
            self.connection.topic,
            tls=self._context is not None,
            mechanism=self._mechanism,
            username=self.connection.username if self._mechanism else None,
            node_id=node_id,
            listed=listed,
        )

    def _new_wire(self, server: Server, node: Node | None) -> Wire:
        password = self.connection.password
        wire = Wire(
            server,
            client_id=self._client_id,
            request_timeout_s=self._times.request_s,
            connect_timeout_s=self._times.connect_s,
            context=self._context,
            mechanism=self._mechanism,
            username=self.connection.username or "",
            password=password.reveal() if password else "",
            gate=self._gate,
            on_close=None if node is None else self._closed_by(node),
        )
        self._wires = {wire for wire in self._wires if not wire.gone} | {wire}
        return wire

    def _closed_by(self, node: Node) -> Callable[[AIOKafkaConnection, CloseReason], None]:
        def closed(wire: Wire, reason: CloseReason) -> None:
            if self._shut or self._conns.get((node.id, ConnectionGroup.DEFAULT)) is not wire:
                return
            error, since = wire.closed_by or ConnectionResetError(), self._clock.now()
            if reason == CloseReason.CONNECTION_TIMEOUT:
                error = TimeoutError()
                silent = min(self._times.request_s, asyncio.get_running_loop().time() - wire.heard)
                since = Moment(since.wall - silent, since.boot - silent)  # what was asked then, was not answered
            trouble = of_request(error, self.peer(node)).trouble
            # the first reconnect goes at once: brokers also close idle and expired sessions
            if node.down(trouble, since, retry_at=0.0):
                self.on_news(node)
            self.on_change()

        return closed

    def _went_down(self, node: Node, verdict: Verdict) -> None:
        times = self._times
        slow = verdict.pace == "slow"
        pause = backoff_s(
            node.failures + 1,
            base_s=times.slow_backoff_s if slow else times.backoff_s,
            cap_s=times.slow_backoff_cap_s if slow else times.backoff_cap_s,
            random=random.random(),  # noqa: S311 - spreads retries
        )
        if verdict.scope == "client":
            pause = max(0.05, self._gate.wait_s)
        if node.down(verdict.trouble, self._clock.now(), asyncio.get_running_loop().time() + pause):
            self.on_news(node)

    def _heard(self, node: Node, wire: Wire) -> None:
        if wire.rtt_s is not None:
            node.rtt_s = wire.rtt_s
        node.wanted = True
        if node.up(self._clock.now()):
            self.on_news(node)

    async def _introduce(self, server: Server) -> tuple[Wire, View]:
        wire = self._new_wire(server, None)
        try:
            await wire.connect()
            try:
                return wire, await self._ask(wire)
            except Exception as error:
                raise StageError("metadata", error) from error
        except StageError as error:
            wire.hang_up()
            raise StartError(of_stage(error, self.peer_at(server))) from error
        except BaseException:
            wire.hang_up()
            raise

    async def _ask(self, wire: Wire) -> View:
        if wire.spoken.get(3, (0, 0))[1] < _METADATA_WITHOUT_CREATION:
            raise IncompatibleBrokerVersion("cannot be asked without creating the topic")
        topic = self.connection.topic
        return view_of(wire.server, topic, await wire.ask(MetadataRequest([topic], False)))

    def _learn(self, view: View) -> None:
        if not view.brokers:
            return
        now = asyncio.get_running_loop().time()
        for number, server in view.brokers.items():
            node = self.nodes.get(number)
            if node is None or node.server != server:
                self.nodes[number] = fresh = Node(number, server)
                fresh.wanted = node is not None and node.wanted
                stale = self._conns.pop((number, ConnectionGroup.DEFAULT), None)
                if stale is not None:
                    stale.close(CloseReason.SHUTDOWN)
            else:
                node.listed_until = None
        for node in list(self.nodes.values()):
            if node.id not in view.brokers:
                node.listed_until = node.listed_until or now
                if now - node.listed_until > _GONE_S or not node.wanted:
                    del self.nodes[node.id]
        for part in view.partitions.values():
            if part.leader in self.nodes:
                self.nodes[part.leader].wanted = True
        self.view = view

    def _adopt(self, wire: Wire) -> None:
        """Keep the first connection where it leads to a member under the very address that it has."""
        for node in self.nodes.values():
            if node.server == wire.server and not self.connected(node.id):
                wire.tell(self._closed_by(node))
                self._conns[(node.id, ConnectionGroup.DEFAULT)] = wire
                self._heard(node, wire)
                return
        wire.hang_up()
