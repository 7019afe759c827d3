"""Gate R16, HTTP and JSON: requests that break the rules. No crash, no hang, a correct answer, bounded memory.

    python -m benchmarks.fuzz_http [--requests 20000] [--seed N]

Each request is a right one, spoilt: bytes flipped, cut, repeated or inserted, heads and bodies of hostile shapes. The
client closes its half and the agent must have answered or closed within a second; what it answers must be 2xx or 4xx
(501, 505 and a slow commit's 503 are honest too). Ordinary requests between them must be answered as ever. What was
answered 2xx must be what Kafka holds.
"""

import argparse
import random
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.ids import read_ids
from benchmarks.harness.kafka import make_topic, running
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster

HANG_S = 1.0
PROBE_EVERY = 25
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_HONEST = {501, 503, 505}
_PATHS = ("/v1/insights", "/v1/payloads", "/as/a/b/1/v1/insights", "/v1/insights/../payloads", "/%2e%2e/v1/insights",
          "//v1//insights", "/t/x/v1/insights", "/v1/snapshot", "/metrics", "/v1/admin/insights-connection", "*",
          "http://localhost/v1/insights", "/" + "a" * 9000, "/%00", "/v1/insights?" + "q=1&" * 500)  # fmt: skip
_KINDS = ("application/json", "application/x-ndjson", "application/json; charset=utf-16", "text/plain", "",
          "application/json; charset=" + "x" * 300, "application/json\x00")  # fmt: skip
_BODIES = (
    b"[]", b"{}", b"null", b'"text"', b"NaN", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": -0}', b"[" * 5000,
    b'{"a":' * 3000, b'{"a": 1, "a": 2}', b"\xff\xfe\x00", b'{"\\ud800": 1}', b'{"a": "\\ud800"}', b"\n" * 3000,
    b'{"a": ' + b"9" * 5000 + b"}", b'[{"insight_key": "a"}]', b'[{"insight_key": [], "insight_value": {}}]',
    b'{"' + b"k" * 30000 + b'": 1}', b"{" + b",".join(b'"m%d":1' % each for each in range(40)) + b"}", b"",
    b"\x00" * 99,
    b'{"request_id": 5}', b'{"time": "never", "a": 1}', b'{"a": true, "b": null, "c": "4"}',
)  # fmt: skip


@dataclass
class Outcome:
    """What came of a run."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    closed: int = 0
    """Ended without an answer."""
    hung: list[bytes] = field(default_factory=list)
    """Requests after which neither came within a second; the first bytes of them."""
    odd: list[str] = field(default_factory=list)
    """Answers that are no honest ones."""
    probes: int = 0
    probe_slowest_s: float = 0.0
    ids: set[bytes] = field(default_factory=set)
    died: str = ""
    missing: int = 0
    foreign: int = 0
    """Accepted without an answer: no more than were closed without one."""
    rss_before: int = 0
    max_rss: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the agent bore it."""
        return not (
            self.hung
            or self.odd
            or self.died
            or self.missing
            or self.foreign > self.closed + self.statuses[503]
            or self.wrong
        )


def run(
    cluster: Cluster, topic: str, *, requests: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Throw it all at an agent, then compare."""
    rng = random.Random(seed)  # noqa: S311 - the same requests for the same seed
    outcome = Outcome()
    agent = Agent(cluster.plaintext, topic)
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        outcome.rss_before = agent.rss()
        with Sampler(agent, None) as sampler:
            for number in range(requests):
                _throw(agent, spoilt(rng, number), outcome)
                if number % PROBE_EVERY == 0:
                    _probe(agent, number, outcome)
                if not agent.alive:
                    outcome.died = agent.log_tail()
                    return outcome
                if number % 5000 == 4999:
                    say(f"{number + 1} requests, {dict(outcome.statuses)}, RSS {agent.rss() / 1e6:.0f} MB")
            agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered")
            outcome.max_rss, outcome.wrong = sampler.watched.max_rss, sampler.watched.violations
        stored = {each.encode() for each in read_ids(cluster.plaintext, topic)}
    finally:
        agent.close()
    outcome.missing, outcome.foreign = len(outcome.ids - stored), len(stored - outcome.ids)
    return outcome


def spoilt(rng: random.Random, number: int) -> bytes:
    """Make a request and spoil it."""
    body = rng.choice((*_BODIES, payloads.line(number), payloads.body(range(number, number + 5))))
    if rng.random() < 0.3:
        body = _bytes(rng, body)
    path = rng.choice(_PATHS) if rng.random() < 0.4 else rng.choice(_PATHS[:2])
    kind = rng.choice(_KINDS) if rng.random() < 0.4 else rng.choice(_KINDS[:2])
    length = str(len(body)) if rng.random() < 0.8 else rng.choice(("-1", "0", str(len(body) + 5), "9" * 30, "x", "1e3"))
    headers = [("Host", rng.choice(("localhost",) * 18 + ("evil.example", "")))]
    headers += [("Content-Type", kind)]
    if rng.random() < 0.15:
        headers.append(("Transfer-Encoding", rng.choice(("chunked", "gzip, chunked", "chunked, chunked", "x"))))
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:9], body[9:]) if part) + b"0\r\n\r\n"
    if rng.random() < 0.9:
        headers.append(("Content-Length", length))
    if rng.random() < 0.1:
        headers += [(f"X-{each}", "y" * rng.randint(0, 200)) for each in range(rng.randint(1, 200))]
    if rng.random() < 0.1:
        headers.append((rng.choice(("Expect", "Upgrade", "Connection", "Content-Encoding")),
                        rng.choice(("100-continue", "h2c", "upgrade", "gzip", "websocket"))))  # fmt: skip
    method = rng.choice(("POST",) * 30 + ("GET", "PUT", "DELETE", "PRI", "post", "X" * 50))
    version = rng.choice(("HTTP/1.1",) * 30 + ("HTTP/1.0", "HTTP/2.0", "HTTP/9", ""))
    head = f"{method} {path} {version}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    request = head.encode("utf-8", "surrogatepass") + body
    return _bytes(rng, request) if rng.random() < 0.3 else request


def _bytes(rng: random.Random, data: bytes) -> bytes:
    """Flip, cut, repeat or insert bytes."""
    spoiling = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(spoiling) + 1)
        match rng.randrange(4):
            case 0 if at < len(spoiling):
                spoiling[at] ^= 1 << rng.randrange(8)
            case 1:
                del spoiling[at : at + rng.randint(1, 20)]
            case 2:
                spoiling[at:at] = spoiling[at : at + 40] * rng.randint(1, 30)
            case _:
                spoiling[at:at] = rng.choice((b"\r\n", b"\r\n\r\n", b"\x00", b"\xff" * 9, b"%", b":", b" " * 300))
    return bytes(spoiling)


def _throw(agent: Agent, request: bytes, outcome: Outcome) -> None:
    outcome.requests += 1
    answer = b""
    with socket.create_connection(agent.address, timeout=HANG_S) as thrown:
        try:
            thrown.sendall(request)
            thrown.shutdown(socket.SHUT_WR)
            while piece := thrown.recv(65536):
                answer += piece
        except TimeoutError:
            outcome.hung.append(request[:200])
        except OSError:
            pass  # it may close while it is being sent to
    if not answer:
        outcome.closed += 1
    for status in map(int, _STATUS.findall(answer)):
        outcome.statuses[status] += 1
        if status // 100 not in {1, 2, 4} and status not in _HONEST and len(outcome.odd) < 20:
            outcome.odd.append(f"{status} to {request[:200]!r}")
    outcome.ids.update(_ID.findall(answer))


def _probe(agent: Agent, number: int, outcome: Outcome) -> None:
    """Ask as an ordinary client does, which must be served as ever."""
    began = time.monotonic()
    try:
        with Wire(agent.address, 10.0) as wire:
            answer = wire.post("/v1/payloads", payloads.body([number]))
    except OSError as error:
        outcome.odd.append(f"an ordinary request failed: {error!r}")
        return
    outcome.probes += 1
    outcome.probe_slowest_s = max(outcome.probe_slowest_s, time.monotonic() - began)
    outcome.ids.update(_ID.findall(answer.body))
    outcome.statuses[503] += answer.status == 503
    if not answer.accepted and answer.status != 503:
        outcome.odd.append(f"an ordinary request was answered {answer.status}")


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "fuzz")
        outcome = run(
            cluster, "fuzz", requests=given.requests, seed=given.seed, say=lambda text: print(text, flush=True)
        )
    print(
        f"{outcome.requests} spoilt requests (seed {given.seed}): answers {dict(sorted(outcome.statuses.items()))}, "
        f"{outcome.closed} closed without one, {len(outcome.hung)} hung over {HANG_S:g} s, {len(outcome.odd)} odd\n"
        f"{outcome.probes} ordinary requests between them, slowest {outcome.probe_slowest_s * 1e3:.0f} ms\n"
        f"accepted {len(outcome.ids)}: missing {outcome.missing}, foreign {outcome.foreign}; "
        f"RSS {outcome.rss_before / 1e6:.0f} -> at most {outcome.max_rss / 1e6:.0f} MB; "
        f"equation wrong {outcome.wrong[:3]}; load {load_now()}"
    )
    for what in (*map(repr, outcome.hung[:5]), *outcome.odd[:5], outcome.died):
        if what:
            print(f"  {what}")
    print(f"R16 (HTTP) {'passed' if outcome.passed else 'FAILED'}")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
