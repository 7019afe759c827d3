"""One process's way to the agent: settings, the outbox, the thread, forks and the end of the process."""

import _thread
import atexit
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass, field

from insights_tui.sdk.address import DEFAULT, OFF, Address, Names, address_of, names_of, read_address
from insights_tui.sdk.counts import Stats
from insights_tui.sdk.outbox import Item, Outbox
from insights_tui.sdk.sender import DEADLINE_S, LINGER_S, PAYLOADS, TIMEOUT_S, Pace, Sender

log = logging.getLogger("insights_tui.sdk")

MAX_PAYLOADS = 10_000
MAX_BYTES = 16 * 1024 * 1024
FLUSH_S = 2.0
_POLL_S = 0.002


@dataclass(frozen=True, slots=True)
class Options:
    """What `configure` sets."""

    address: Address
    names: Names | None = None
    """Of executions that are given none."""
    max_payloads: int = MAX_PAYLOADS
    max_bytes: int = MAX_BYTES
    """Of payloads that wait here."""
    exit_s: float = FLUSH_S
    """For which the end of the process may wait for what is left."""
    pace: Pace = field(default_factory=Pace)


class Client:
    """Takes payloads from any thread; a fork's child begins with nothing of its parent's."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.names = options.names or options.address.names
        self.payloads_path = options.address.prefix + PAYLOADS
        run = options.address.run
        self.run_path = f"{run}/v1/insights" if run else None
        """Where reports of no execution of our own go, where this process is a part of one."""
        self._pid = 0
        self._running = self._ended = False
        self._begin()

    def put(self, path: str, body: bytes, metrics_dropped: int = 0) -> None:
        """Queue one payload; waits for nothing. Never raises."""
        if self._pid != os.getpid():  # also after a fork that Python was not told of
            self._begin()
        if self.options.address.scheme == OFF:
            return
        self._outbox.put(Item(time.monotonic(), path, body), metrics_dropped)
        if not self._running:
            self._start()

    def note_late(self, metrics: int) -> None:
        """Count metrics that came after the end of their execution."""
        self._outbox.note_late(metrics)

    def stats(self) -> Stats:
        """Tell what became of everything."""
        return self._sender.stats()

    def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Wait until all that was put before is settled; false where the time was not enough. Blocks."""
        end = time.monotonic() + timeout_s
        wanted = self._outbox.taken
        if self._pid != os.getpid():
            return True  # a fork's child has put nothing yet
        if not self._running:  # no thread could be started
            self._sender.drain(until=end)
            return self.stats().queued == 0
        self._sender.hurry(True)
        self._outbox.ring()
        try:
            while (settled := _settled(self._sender.stats())) < wanted and time.monotonic() < end:
                time.sleep(_POLL_S)
        finally:
            self._sender.hurry(False)
        return settled >= wanted

    def end(self) -> None:
        """Flush for the last time, and say what is left."""
        if self._pid != os.getpid() or self._ended:
            return
        self._ended = True
        self.flush(self.options.exit_s)
        self._sender.abandon()

    def retire(self) -> None:
        """End the thread once it has sent what there is; another client follows."""
        self._sender.retire()

    def forked(self) -> None:
        """Begin anew in a fork's child: what waits belongs to the parent, and so does the thread."""
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._running = self._ended = False
        self._starting = threading.Lock()
        self._outbox: Outbox = Outbox(self.options.max_payloads, self.options.max_bytes)
        self._sender: Sender = Sender(self._outbox, self.options.address, self.options.pace)

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return  # another thread does it
        try:
            if self._running:
                return
            # threading.Thread.start() waits until the thread runs: in a busy process longer than a millisecond.
            _thread.start_new_thread(self._run, ())
            self._running = True
        except RuntimeError:  # no more threads, or the interpreter ends: `end` sends what it can
            return
        finally:
            self._starting.release()
        processes = sys.modules.get("multiprocessing.util")
        if processes is not None:  # its children end without atexit
            processes.Finalize(None, self.end, exitpriority=100)

    def _run(self) -> None:
        threading.current_thread().name = "insights-sdk"
        self._sender.run()


def _settled(stats: Stats) -> int:
    return stats.sent + stats.given_up


_client: Client | None = None


def client() -> Client:
    """Give this process's client, made on first use of what the environment says. Never raises."""
    return _client or _made()


def _made() -> Client:
    try:
        address = address_of()
    except ValueError as error:
        log.warning("Insights: %s; using %s", error, DEFAULT)
        address = read_address(DEFAULT)
    return _use(Options(address))


def configure(
    url: str | None = None,
    *,
    algorithm: str | None = None,
    max_payloads: int = MAX_PAYLOADS,
    max_bytes: int = MAX_BYTES,
    deadline_s: float = DEADLINE_S,
    timeout_s: float = TIMEOUT_S,
    linger_s: float = LINGER_S,
    exit_s: float = FLUSH_S,
) -> None:
    """Set where the agent is and what may wait for it; call it before the first report, or not at all.

    `url` is `http://HOST:PORT[/t/TOKEN]`, `unix:PATH`, or `none` for no Insights; without it `INSIGHTS_URL`, then
    `ALGORITHMIA_API`, then the agent of this machine. `algorithm` is `OWNER/NAME/VERSION`. Raises `ValueError`, the
    only call here that raises.
    """
    if min(max_payloads, max_bytes) < 1 or min(deadline_s, timeout_s) <= 0 or min(linger_s, exit_s) < 0:
        raise ValueError("the bounds must be positive")
    address = read_address(url) if url is not None else address_of()
    names = names_of(algorithm) if algorithm is not None else None
    pace = Pace(linger_s=linger_s, timeout_s=timeout_s, deadline_s=deadline_s)
    _use(Options(address, names, max_payloads, max_bytes, exit_s, pace))


def _use(options: Options) -> Client:
    global _client  # noqa: PLW0603 - one process, one queue
    if _client is not None:
        _client.retire()
    _client = Client(options)
    atexit.register(_client.end)
    return _client


def _forked() -> None:
    if _client is not None:
        _client.forked()


os.register_at_fork(after_in_child=_forked)
