"""The supervisor: owns the one Kafka client, makes it, judges it, replaces it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from insights_tui.delivery.batch import Batch
from insights_tui.delivery.board import Board
from insights_tui.delivery.book import Book
from insights_tui.delivery.health import of_all
from insights_tui.delivery.producer import Producer
from insights_tui.delivery.sequence import ProducerSequences
from insights_tui.delivery.session import Session, SickError
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.status import Link
from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Connection
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.trouble import Trouble
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.bootstrap import StartError
from insights_tui.kafka.cause import LoginHeldError
from insights_tui.kafka.client import Client, Times
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.node import Node
from insights_tui.kafka.verdict import Verdict
from insights_tui.kafka.verify import no_answer, unusable

Phase = Literal["idle", "connecting", "up", "down"]


class Supervisor:
    """Keeps a session going for the connection that is wanted."""

    def __init__(
        self,
        *,
        book: Book,
        board: Board,
        producer: Producer,
        clock: Clock,
        settings: DeliverySettings,
        client_id: str,
        tell: Callable[[Occurrence], None],
        delivered: Callable[[Batch, float], None],
    ) -> None:
        self._book, self._board, self._producer = book, board, producer
        self._clock, self._settings, self._client_id = clock, settings, client_id
        self._tell, self._took = tell, delivered
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._gate = self._new_gate()
        self._changed = asyncio.Event()
        self._revision = 0
        self._retiring: set[asyncio.Task[None]] = set()
        self.session: Session | None = None
        self._generation = 0
        self._phase: Phase = "idle"
        self._since = clock.now()
        self._retry_at: float | None = None
        self._nodes: Sequence[Node] = ()
        self._sequences = ProducerSequences(enabled=settings.idempotent, deadline_s=settings.deadline_s)
        self._replaced_for = ""
        """Why the client was replaced last, until Kafka takes something again: one event tells it."""
        self._again = False
        """Whether the client is made anew for a reason that was told."""

    def use(self, connection: Connection | None) -> None:
        """Exchange the connection at once; requests under way get `retire_s` to finish."""
        before = self._connection
        credentials = connection is not None and (connection.username, connection.password, connection.mechanism)
        same = before is not None and (before.username, before.password, before.mechanism) == credentials
        if same:
            self._gate.knock()
        else:
            self._gate = self._new_gate()
        self._connection = connection
        self._revision += 1
        self._let_go(self._settings.retire_s)
        self._board.reset()
        self._nodes = ()
        self._retry_at = None
        self._replaced_for, self._again = "", False
        self._turn("idle" if connection is None else "connecting")
        self._changed.set()

    async def run(self) -> None:
        """Make sessions, one after the other, for ever."""
        failures = 0
        revision = self._revision
        while True:
            if revision != self._revision:
                revision, failures = self._revision, 0
            self._changed.clear()
            connection = self._connection
            if connection is None:
                await self._changed.wait()
                continue
            pause = await self._live(connection, failures)
            if revision != self._revision:
                continue
            failures = failures + 1 if pause is not None else 0
            self._retry_at = self._loop.time() + (pause or 0.0)
            await self._pause(pause or 0.0)
            self._retry_at = None

    async def stop(self) -> None:
        """Let go of everything at once."""
        self._let_go(0.0)
        if self._retiring:
            await asyncio.gather(*self._retiring, return_exceptions=True)

    def trouble(self) -> Trouble | None:
        """Tell what the brokers suffer from, the worst of it."""
        active = None if self.session is None else self.session.trouble()
        return None if active is None else active.trouble

    @property
    def nodes(self) -> Sequence[Node]:
        """The brokers as last seen, also while a new client is being made."""
        if self.session is not None and self.session.client.nodes:
            self._nodes = sorted(self.session.client.nodes.values(), key=lambda node: node.id)
        return self._nodes

    def link(self) -> Link:
        """Tell how the one client is."""
        session = self.session
        if session is not None and self._phase in ("up", "down"):
            self._turn("up" if session.topic_ok and session.reachable else "down")
        wait = None if self._retry_at is None else max(0.0, self._retry_at - self._loop.time())
        return Link(self._phase, self._since, self._generation, wait)

    async def _live(self, connection: Connection, failures: int) -> float | None:
        """Run one session until it ends; tell the pause before the next (seconds), `None` for none."""
        settings, board = self._settings, self._board
        if self._gate.wait_s > 0:
            return self._gate.wait_s
        session: Session | None = None
        try:
            try:
                session = self._new_session(connection)
            except (ValueError, OSError) as error:
                board.put(("link",), unusable(connection, error), self._clock.now())
                self._turn("down")
                return settings.login_backoff_cap_s
            started = False
            living = asyncio.create_task(session.run())
            swapped = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait((living, swapped), timeout=settings.start_timeout_s, return_when="FIRST_COMPLETED")
                if not living.done() and not swapped.done():
                    started = session.client.view is not None
                    if started:
                        await asyncio.wait((living, swapped), return_when="FIRST_COMPLETED")
                    else:
                        board.put(("link",), no_answer(connection, settings.start_timeout_s), self._clock.now())
                        self._turn("down")
                        return self._start_pause(failures, slow=False)
                if swapped.done():
                    return None
                return self._judge(living, session, failures)
            finally:
                living.cancel()
                swapped.cancel()
                await asyncio.gather(living, swapped, return_exceptions=True)
        finally:
            if session is not None and session is self.session:
                self._let_go(0.0)
            self._producer.wake()

    def _judge(self, living: "asyncio.Task[None]", session: Session, failures: int) -> float | None:
        """Say what the end of a session means."""
        error = living.exception()
        if isinstance(error, StartError):
            self._again = False
            trouble = of_all(session.client.connection, error)
            news = self._board.put(("link",), trouble, self._clock.now())
            self._turn("down")
            if news:
                self._tell_verdict(replace(error.verdict, trouble=trouble))
            return max(self._gate.wait_s, self._start_pause(failures, slow=error.verdict.pace == "slow"))
        if isinstance(error, LoginHeldError):
            return max(0.05, self._gate.wait_s)
        last = session.trouble()
        if last is not None:
            self._board.put(("link",), last.trouble, last.since)
        what = str(error) if isinstance(error, SickError) else f"{type(error).__name__}: {error}"
        self._again, self._replaced_for = what == self._replaced_for, what
        if not self._again:
            topic = session.client.connection.topic
            text = "The Kafka client is replaced by a new one."
            self._tell(Occurrence("warning", "client_replaced", topic, text, raw=what[:500]))
        return None if isinstance(error, SickError) else self._start_pause(failures, slow=False)

    def _new_session(self, connection: Connection) -> Session:
        settings = self._settings
        times = Times(
            request_s=settings.request_timeout_s,
            connect_s=settings.connect_timeout_s,
            backoff_s=settings.start_backoff_s,
            backoff_cap_s=settings.backoff_cap_s,
            slow_backoff_s=settings.login_backoff_s,
            slow_backoff_cap_s=settings.login_backoff_cap_s,
        )
        client = Client(connection, clock=self._clock, gate=self._gate, times=times, client_id=self._client_id)
        client.on_news = self._news
        self._generation += 1
        if self._phase != "down":
            self._turn("connecting")
        session = Session(
            client,
            book=self._book,
            board=self._board,
            clock=self._clock,
            settings=settings,
            wake=self._producer.wake,
            delivered=self._delivered,
            rejected=self._rejected,
            started=self._started,
            sequences=self._sequences,
            tell=self._tell,
        )
        self.session = self._producer.session = session
        return session

    def _started(self, session: Session) -> None:
        if session is self.session:
            self._board.clear(("link",))
            self._turn("up" if session.topic_ok else "down")
            if session.topic_ok and not self._again:
                topic = session.client.connection.topic
                text = f"Connected to Kafka: the topic {topic} has {len(session.lanes)} partitions."
                self._tell(Occurrence("info", "connected", topic, text))

    def _let_go(self, grace_s: float) -> None:
        self._nodes = self.nodes
        session, self.session, self._producer.session = self.session, None, None
        if session is not None:
            task = asyncio.create_task(session.retire(grace_s))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    def _turn(self, phase: Phase) -> None:
        if phase != self._phase:
            self._phase, self._since = phase, self._clock.now()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _start_pause(self, failures: int, *, slow: bool) -> float:
        settings = self._settings
        return backoff_s(
            failures + 1,
            base_s=settings.login_backoff_s if slow else settings.start_backoff_s,
            cap_s=settings.login_backoff_cap_s if slow else settings.backoff_cap_s,
            random=random.random(),  # noqa: S311 - spreads retries
        )

    def _new_gate(self) -> LoginGate:
        settings = self._settings
        return LoginGate(self._loop.time, base_s=settings.login_backoff_s, cap_s=settings.login_backoff_cap_s)

    def _tell_verdict(self, verdict: Verdict) -> None:
        trouble = verdict.trouble
        self._tell(
            Occurrence("error", trouble.code.value, trouble.subject, trouble.what, fix=trouble.act, raw=trouble.raw)
        )

    def _delivered(self, batch: Batch, now: float) -> None:
        self._replaced_for, self._again = "", False
        self._took(batch, now)

    def _rejected(self, count: int, verdict: Verdict) -> None:
        self._board.rejections[verdict.trouble.raw.partition(" ")[0].lower()] += count
        self._tell_verdict(verdict)

    def _news(self, node: Node) -> None:
        subject = str(node.server)
        if node.trouble is None:
            self._tell(Occurrence("info", "broker_up", subject, f"Broker {node.id} at {subject} answers again."))
        else:
            trouble = node.trouble
            self._board.errors[trouble.code] += 1
            self._tell(Occurrence("warning", "broker_down", subject, trouble.what, fix=trouble.act, raw=trouble.raw))
