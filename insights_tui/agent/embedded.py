"""An agent inside another program: a thread with a loop of its own, reached through its socket like any other."""

import asyncio
import contextlib
import threading
from pathlib import Path

from insights_tui.agent.agent import Agent
from insights_tui.agent.starting import AgentStartError
from insights_tui.domain.snapshot import Counts, Mode
from insights_tui.places import Places
from insights_tui.settings import Settings


class EmbeddedAgent:
    """Runs an agent beside the interface, so that a terminal that stalls never touches delivery."""

    def __init__(self, settings: Settings, places: Places, mode: Mode) -> None:
        self._settings = settings
        self._places = places
        self._mode = mode
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._grace_s = 2.0
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._counts: Counts | None = None
        self.url: str | None = None
        """Where algorithms report to, once started."""
        self._thread = threading.Thread(target=self._run, name="insights-agent", daemon=True)

    def start(self, timeout_s: float = 10.0) -> Path:
        """Start it and wait until it listens; gives its socket. Raises `AgentStartError`."""
        self._thread.start()
        if not self._started.wait(timeout_s):
            raise AgentStartError(f"The agent did not start within {timeout_s:.0f} s.", "Look at its log.")
        if self._failure is not None:
            raise self._failure
        return self._places.socket

    def stop(self, grace_s: float = 2.0) -> Counts | None:
        """Drain for up to `grace_s` seconds and end the thread; gives the last counts where it ended in time.

        May be called from several threads, and again.
        """
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._grace_s = grace_s
            with contextlib.suppress(RuntimeError):  # it has just ended by itself, or for another caller
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(grace_s + 2.0)
        return self._counts

    def _run(self) -> None:
        try:
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                self._counts = runner.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - handed to the thread that waits in start()
            self._failure = failure
        finally:
            self._started.set()

    async def _serve(self) -> Counts:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        agent = Agent(self._settings, places=self._places, mode=self._mode)
        await agent.start()
        self.url = agent.url
        self._started.set()
        await self._stop.wait()
        return await agent.stop(self._grace_s)
