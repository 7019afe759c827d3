"""A screen whose agent has 1,000 new events a second: bytes, processor, memory, and from key to paint.

    python -m benchmarks.screen_events [--per-s 1000] [--seconds 10] [--size 120x40]

No agent of ours gets there (46 to some hundred acts a second is what its ledger takes), so that a stand-in serves them
over HTTP on a socket: half of them repetitions that an agent groups, half all different, some with hostile text.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from benchmarks.harness.agent import load_now
from benchmarks.harness.screen import Screen, terminal_environment
from benchmarks.screen import DOWN, UP, told
from benchmarks.screen_bytes import cost
from insights_tui.domain.snapshot import Event
from tests.cli.fake_agent import CONNECTED, Request, fake_agent
from tests.support.agent_process import COMMAND

_KEPT = 1000
"""Events that an agent keeps."""
_SHOWN = 20
_HOSTILE = "\x1b]0;owned\x07\x1b[31mred [bold]markup[/] \u202egnp.exe "


class Eventful:
    """What happened by now, made up from the clock."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._began = datetime.now(UTC)

    def events(self, after: int = 0, most: int = _KEPT) -> list[Event]:
        """Give the newest, oldest first."""
        newest = int((datetime.now(UTC) - self._began).total_seconds() * self._per_s)
        return [self._event(number) for number in range(max(after, newest - most) + 1, newest + 1)]

    def _event(self, number: int) -> Event:
        at = self._began + timedelta(seconds=number / self._per_s)
        if number % 2:
            text = f"kafka-{number % 7} refused the connection ({number})."
            return Event(
                number, at, "warning", "broker_down", f"kafka-{number % 7}", None, text, "", text, number, self._began
            )
        words = _HOSTILE if number % 100 == 0 else ""
        text = f"{words}Insights is now on for acme/a{number}/1.0."
        return Event(number, at, "info", "insights_switched", f"acme/a{number}/1.0", "root", text, "", "", 1, at)

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Answer both calls of a screen."""
        if request.path.startswith("/v1/snapshot"):
            now, events = datetime.now(UTC), tuple(reversed(self.events(most=_SHOWN)))
            return 200, msgspec.json.encode(replace(CONNECTED, as_of=now, events=events))
        after = int(parse_qs(urlsplit(request.path).query).get("after", ["0"])[0])
        return 200, b"".join(msgspec.json.encode(event) + b"\n" for event in self.events(after))


def main() -> None:
    """Serve, attach, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-s", type=float, default=1000.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--size", default="120x40")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    print(f"load before: {load_now()}")
    with tempfile.TemporaryDirectory(prefix="insights-") as folder:
        path = Path(folder) / "agent.sock"
        eventful = Eventful(arguments.per_s)
        with fake_agent(path) as agent:
            agent.answers |= {"GET /v1/snapshot": eventful.answer, "GET /v1/events": eventful.answer}
            environment = terminal_environment({"INSIGHTS_SOCKET": str(path), "INSIGHTS_STATE_DIR": folder})
            with Screen([COMMAND], environment, (width, height)) as screen:
                screen.until(b"CONNECTED")
                for name, key in (("Insights", b"1"), ("Events", b"3")):
                    screen.press(key)
                    screen.drain(3.0)
                    print(
                        f"{name:<12}{cost(screen, arguments.seconds)}   memory {screen.rss() / 1e6:.0f} MB", flush=True
                    )
                screen.press(b" ")
                time.sleep(1.5)
                screen.quiet()
                print(f"Events, frozen: {screen.drain(5.0)} B in 5 s", flush=True)
                screen.press(b" ")
                moves = islice(cycle((DOWN, UP)), arguments.keys)
                told("Events: the cursor", [screen.press(key) for key in moves])
                told("another view", [screen.press(key) for key in islice(cycle((b"1", b"3")), arguments.keys)])
                print(f"memory {screen.rss() / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
