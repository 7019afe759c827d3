"""One server, step by step: what failed, what it means, and what was found."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import IncompatibleBrokerVersion, SaslAuthenticationFailed

from insights_tui.domain.check import CheckStep, Member, Role, Step, StepState
from insights_tui.domain.connection import Server
from insights_tui.domain.text import counted, date, sanitize
from insights_tui.domain.trouble import Trouble
from insights_tui.kafka.cause import NotABrokerError, Stage, StageError, of_stage, root_of
from insights_tui.kafka.check import topic
from insights_tui.kafka.check.again import look_again
from insights_tui.kafka.check.job import Job
from insights_tui.kafka.check.logins import RefusedElsewhereError
from insights_tui.kafka.check.questions import METADATA, PRODUCE, WITHOUT_CREATION, TopicQuestion, may_write
from insights_tui.kafka.check.seen import ServerSeen, name_of
from insights_tui.kafka.dial import Address, resolve, survey
from insights_tui.kafka.server_certificate import read_certificate
from insights_tui.kafka.view import View, view_of
from insights_tui.kafka.wire import let_go

_TEXT = 600
"""Characters of a sentence."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended, where it did not fail."""

    found: str = ""
    state: StepState = StepState.OK
    stop: bool = False
    """Whether the steps behind it cannot be done."""
    members: tuple[Member, ...] = ()


class TroubledError(Exception):
    """A step failed in a way that needs no stage: the words are there already."""

    def __init__(self, trouble: Trouble, found: str = "") -> None:
        super().__init__(trouble.what)
        self.trouble = trouble
        self.found = found


class ServerCheck:
    """Goes through the steps of one server; `seen` is what came of it."""

    def __init__(self, job: Job, server: Server, role: Role, node_id: int | None = None) -> None:
        self.seen = ServerSeen(server, role, node_id)
        self._job = job
        self._server = server
        self._addresses: list[Address] = []
        self._wire = job.wire(server)
        self._view = View(server)
        self._sock: Any = None
        self._answer: Any = None

    async def run(self) -> None:
        """Do all steps; tells each as it ends. Raises nothing but what cancels it."""
        limits = self._job.limits
        steps: tuple[tuple[Step, Callable[[], Awaitable[Ended]], float], ...] = (
            (Step.DNS, self._dns, limits.dns_s),
            (Step.TCP, self._tcp, limits.tcp_s + 0.5),
            (Step.TLS, self._tls, limits.tls_s),
            (Step.API, self._api, limits.answer_s),
            (Step.SASL, self._sasl, limits.total_s),
            (Step.METADATA, self._metadata, limits.answer_s),
            (Step.TOPIC, self._topic, limits.answer_s),
            (Step.WRITE, self._write, limits.answer_s),
        )
        goes_on = True
        try:
            for step, act, seconds in steps:
                if not goes_on:
                    self._tell(step, Ended(state=StepState.SKIPPED), None)
                else:
                    goes_on = await self._do(step, act, seconds)
        finally:
            await self._let_go()

    async def _do(self, step: Step, act: Callable[[], Awaitable[Ended]], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        started = time.monotonic()
        try:
            async with asyncio.timeout_at(min(loop.time() + seconds, self._job.ends_at)):
                ended = await act()
        except StageError as error:
            ms = _since(started)
            await self._fail(step, error, ms)
        except TroubledError as error:
            self._tell_failed(step, error.trouble, _since(started), found=error.found)
        except Exception as error:  # noqa: BLE001 - TimeoutError, and whatever a hostile answer makes aiokafka raise
            ms = _since(started)
            await self._fail(step, StageError(_STAGES[step], error), ms)
        else:
            self._tell(step, ended, None if ended.state is StepState.SKIPPED else _since(started))
            return not ended.stop
        return step is Step.TOPIC  # what may be done with a topic is told even where it has no leader

    # the steps

    async def _dns(self) -> Ended:
        if not 1 <= self._server.port <= 65_535 or not self._server.host:
            raise StageError("dns", ValueError(f"no address: {self._server}"))
        self._addresses = await resolve(self._server, self._job.limits.dns_s)
        shown = [sanitize(str(address[1][0]), limit=60) for address in self._addresses]
        self.seen.addresses = dict.fromkeys(shown[: self._job.limits.addresses], "not tried")
        more = len(shown) - self._job.limits.addresses
        return Ended(", ".join(shown[: self._job.limits.addresses]) + (f" and {more} more" if more > 0 else ""))

    async def _tcp(self) -> Ended:
        limits = self._job.limits
        tried = self._addresses[: limits.addresses]
        self._sock, told = await survey(self._server, tried, timeout_s=limits.tcp_s, grace_s=limits.grace_s)
        outcomes = {str(address[1][0]): error for address, error in told.items()}
        self.seen.addresses = {sanitize(name, limit=60): _why_dead(error) for name, error in outcomes.items()}
        if len(outcomes) == 1:
            return Ended("connected")
        said = [f"{name} {why or 'answers'}" for name, why in self.seen.addresses.items()]
        return Ended(", ".join(said))

    async def _tls(self) -> Ended:
        sock, self._sock = self._sock, None
        await self._wire.greet(sock)
        session = self._wire.tls
        if session is None:
            return Ended("this connection is plaintext", StepState.SKIPPED)
        shown = self.seen.certificate = read_certificate(session.getpeercert(binary_form=True))
        version = session.version() or "TLS"
        if shown is None:
            return Ended(version)
        return Ended(
            f"{version}, certificate {shown.subject} for {shown.shown_names}, signed by {shown.issuer}, "
            f"until {date(shown.not_after)}"
        )

    async def _api(self) -> Ended:
        wire = self._wire
        await wire.introduce()
        spoken = wire.spoken
        if PRODUCE not in spoken or METADATA not in spoken:
            raise StageError("api", NotABrokerError("it takes no records"))
        return Ended(f"answers as Kafka does, to {counted(len(spoken), 'kind')} of request")

    async def _sasl(self) -> Ended:
        wire, logins = self._wire, self._job.logins
        if self._job.mechanism is None:
            return Ended("this connection has no login", StepState.SKIPPED)
        if not self._job.login:
            return Ended("not tried: the login was refused before", StepState.SKIPPED, stop=True)
        try:
            async with logins.login(), asyncio.timeout(self._job.limits.login_s):
                try:
                    await wire.log_in()
                except StageError as error:
                    if _counts_as_refused(error):
                        logins.refused(self._server)
                    raise
                logins.taken()
        except RefusedElsewhereError as error:
            return Ended(f"not tried: {error.server} has refused this login already", StepState.SKIPPED, stop=True)
        others = [sanitize(one, limit=40) for one in wire.offered[:8] if one != self._job.mechanism]
        offers = f", it also offers {', '.join(others)}" if others else ""
        return Ended(f"logged in as {self._job.connection.username} with {self._job.mechanism}{offers}")

    async def _metadata(self) -> Ended:
        wire = self._wire
        if wire.spoken[METADATA][1] < WITHOUT_CREATION:
            raise StageError("metadata", IncompatibleBrokerVersion("cannot be asked without creating the topic"))
        self._answer = await wire.ask(TopicQuestion(self._job.connection.topic))
        view = self._view = self.seen.view = view_of(self._server, self._job.connection.topic, self._answer)
        if self.seen.node_id is None:
            self.seen.node_id = next((number for number, at in view.brokers.items() if at == self._server), None)
        self._job.viewed(view)
        cluster = sanitize(view.cluster or "", limit=60)
        reported = list(view.brokers.items())[: self._job.limits.servers]
        return Ended(
            f"cluster {cluster or 'without an id'}, {counted(len(view.brokers), 'member')}",
            members=tuple(Member(number, name_of(server)) for number, server in reported),
        )

    async def _topic(self) -> Ended:
        view = self._view
        peer = self._job.peer(self._server, self.seen.node_id)
        trouble = topic.trouble_of(view, peer)
        if trouble is not None:
            raise TroubledError(trouble, topic.found(view, None))
        if not self._job.settings_asked:
            self._job.settings_asked = True
            self.seen.configs = await topic.settings(self._wire, peer.topic, self._job.limits.answer_s * 0.5)
        return Ended(topic.found(view, self.seen.configs))

    async def _write(self) -> Ended:
        view, name = self._view, self._job.connection.topic
        if view.topic_error:
            return Ended("the topic was not seen", StepState.SKIPPED)
        allowed = may_write(self._answer, name)
        if allowed is None:
            return Ended("the broker does not tell who may write", StepState.UNPROVEN)
        if not allowed:
            raise TroubledError(topic.no_write(self._job.peer(self._server, self.seen.node_id)))
        return Ended("writing is allowed")

    # how they end

    async def _fail(self, step: Step, error: StageError, ms: float) -> None:
        peer = self._job.peer(self._server, self.seen.node_id)
        if step in (Step.TLS, Step.API):
            await self._let_go()  # a server that serves one at a time could not be looked at again
        known = await look_again(self._job, self.seen, step, error)
        self._tell_failed(step, of_stage(error, peer, known).trouble, ms)

    def _tell_failed(self, step: Step, trouble: Trouble, ms: float, *, found: str = "") -> None:
        fixes = tuple(sanitize(fix, limit=_TEXT) for fix in (trouble.act, *trouble.otherwise) if fix)
        self._put(
            CheckStep(
                server=self.seen.name,
                role=self.seen.role,
                step=step,
                state=StepState.FAILED,
                ms=ms,
                node_id=self.seen.node_id,
                found=sanitize(found, limit=_TEXT),
                code=trouble.code,
                cause=sanitize(trouble.what, limit=_TEXT),
                fix=fixes[0] if fixes else "",
                fixes=fixes,
                raw=sanitize(trouble.raw),
                about=trouble.about,
            )
        )

    def _tell(self, step: Step, ended: Ended, ms: float | None) -> None:
        found = sanitize(ended.found, limit=_TEXT)
        seen = self.seen
        self._put(
            CheckStep(
                seen.name, seen.role, step, ended.state, ms, node_id=seen.node_id, found=found, members=ended.members
            )
        )

    def _put(self, step: CheckStep) -> None:
        self.seen.steps[step.step] = step
        self._job.told(step)

    async def _let_go(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
        self._job.wires.discard(self._wire)
        await let_go([self._wire])


_STAGES: dict[Step, Stage] = {
    Step.DNS: "dns",
    Step.TCP: "tcp",
    Step.TLS: "tls",
    Step.API: "api",
    Step.SASL: "sasl",
    Step.METADATA: "metadata",
    Step.TOPIC: "metadata",
    Step.WRITE: "metadata",
}


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 3)


def _why_dead(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, TimeoutError):
        return "does not answer"
    return f"cannot be reached ({sanitize(getattr(error, 'strerror', None) or type(error).__name__, limit=60)})"


def _counts_as_refused(error: StageError) -> bool:
    """Tell whether the server may have counted a wrong login: it said so, or closed in the middle of one."""
    cause = root_of(error.cause)
    return isinstance(cause, SaslAuthenticationFailed | EOFError | ConnectionError)
