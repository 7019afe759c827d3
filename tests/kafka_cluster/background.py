"""One thread with an event loop: it runs the fault proxies and starts the nodes."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """A loop in a thread of its own, called from any other thread.

    Nodes are started from it because Linux ends them with the *thread* that started them (`launch.py`): this one lives
    as long as the cluster, whichever thread of a test asks for a restart.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka-cluster", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Callable[[], T]) -> T:
        """Run a quick function there and wait for its result."""

        async def _call() -> T:
            return function()

        return self.run(_call())

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
