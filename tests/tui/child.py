"""The interface over an agent from memory, as a program: `crash` breaks it, `stop` says when it was stopped."""

import asyncio
import os
import sys
from pathlib import Path

from insights_tui.tui.app import InsightsApp
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED


async def stopped() -> None:
    await asyncio.to_thread(Path(sys.argv[2], "stopped").write_text, "drained")


class Breaking(InsightsApp):
    def action_crash(self) -> None:
        password = "hunter2"
        self.call_later(self.crash_again)
        raise RuntimeError(f"cannot log in with {password}")

    def crash_again(self) -> None:
        raise ValueError("what follows from the first error is no news")


if __name__ == "__main__":
    Path(sys.argv[2], "pid").write_text(str(os.getpid()))
    app = Breaking(FakeAgent(CONNECTED), interval_s=0.1, on_stop=stopped, crash_folder=Path(sys.argv[2]))
    app.bind("x", "crash")
    asyncio.run(app.run_async())
    sys.exit(app.return_code or 0)
