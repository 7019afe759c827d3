"""Gate R12: the Kafka password rotated under load, again and again. Nothing lost, few logins while it is wrong.

    python -m benchmarks.rotation [--times 100] [--rate 1000] [--wrong 2]

Each time: the brokers get another password and every connection is cut, so that the agent's logins fail; after some
seconds the agent is told the new one over its API, without a restart. Failed logins are counted in the broker's log.
"""

import argparse
import re
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import DISTINCT, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from tests.kafka_cluster import Cluster

USER, MECHANISM = "insights", "SCRAM-SHA-512"
_FAILED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) .*[Ff]ailed authentication", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    watched: Watched
    counts: dict[str, int]
    noticed: int
    """Rotations after which the agent said `auth_failed` before it was told the new password."""
    recoveries_s: list[float]
    """From the API's answer to the first new record in the topic."""
    failed_logins: int
    wrong_s: float
    """Seconds in all with a wrong password."""
    most_in_a_second: int

    @property
    def passed(self) -> bool:
        """Whether the topic holds exactly what was accepted."""
        return (
            self.verdict.sound
            and not self.verdict.missing
            and not self.verdict.refused
            and self.counts["accepted"] == self.counts["delivered"] == self.verdict.delivered
            and not self.watched.wrong
            and len(self.recoveries_s) == self.noticed
        )


def run(
    cluster: Cluster, topic: str, *, times: int, rate: int, wrong_s: float,
    say: Callable[[str], None] = lambda _: None, durability: str = "full",
) -> Outcome:  # fmt: skip
    """Rotate under load, compare."""
    servers = cluster.bootstrap("SASL_PROXIED")
    first = cluster.users[USER]
    agent = Agent(
        servers,
        topic,
        {
            "INSIGHTS_CONNECTION__TYPE": "sasl",
            "INSIGHTS_CONNECTION__MECHANISM": MECHANISM,
            "INSIGHTS_CONNECTION__USERNAME": USER,
            "INSIGHTS_CONNECTION__PASSWORD": first,
            "INSIGHTS_CONNECTION__CA_FILE": str(cluster.ca_file),
        },
        durability=durability,
    )
    answers, recoveries, noticed, wrong = Answers(), [], 0, 0.0
    begun = len(_failures(cluster.log(1)))
    proxy = cluster.proxy(1, "SASL_PROXIED")
    capacity = round(rate * times * (wrong_s + 30)) + 100_000
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with TopicReader(cluster.plaintext, topic, capacity=capacity) as reader, Sampler(agent, answers) as sampler:
            with Loader(agent.address, answers, lines=max(1, min(50, rate // 20)), connections=2, per_s=rate):
                for turn in range(times):
                    password = secrets.token_hex(12)
                    cluster.rotate_password(USER, MECHANISM, password)
                    proxy.reset_all()
                    cut = time.monotonic()
                    agent.wait_until(lambda seen: bool(seen["state"] == "auth_failed"), "the agent says auth_failed")
                    noticed += 1
                    time.sleep(max(0.0, wrong_s - (time.monotonic() - cut)))
                    recoveries.append(_tell(agent, cluster, servers, topic, password, reader))
                    wrong += time.monotonic() - cut - recoveries[-1]
                    if turn % 10 == 9:
                        say(f"{turn + 1} rotations, slowest recovery {max(recoveries):.2f} s")
            seen = agent.wait_until(
                lambda snapshot: not any(snapshot["counts"][name] for name in PENDING), "all is delivered"
            )
            reader.wait_end(ends(cluster.plaintext, topic))
            failures = _failures(cluster.log(1))[begun:]
            return Outcome(
                judge(answers, reader), sampler.watched, seen["counts"], noticed, recoveries, len(failures), wrong,
                _most(failures),
            )  # fmt: skip
    finally:
        agent.close()
        cluster.rotate_password(USER, MECHANISM, first)


def _tell(agent: Agent, cluster: Cluster, servers: str, topic: str, password: str, reader: TopicReader) -> float:
    """Tell the agent the new password; gives the seconds until a record arrives."""
    body = {
        "connection_type": "kafka_sasl_ssl", "broker_url": servers, "topic": topic, "broker_username": USER,
        "broker_password": password, "ca_certificate": cluster.ca_pem, "sasl_mechanism": MECHANISM,
    }  # fmt: skip
    had, began = reader[DISTINCT], time.monotonic()
    agent.request("POST", "/v1/admin/insights-connection", json=body).raise_for_status()
    while reader[DISTINCT] == had:
        if time.monotonic() - began > 60:
            raise TimeoutError(f"nothing was delivered with the new password:\n{agent.log_tail()}")
        time.sleep(0.01)
    return time.monotonic() - began


def _failures(log: Path) -> list[float]:
    """When the broker refused a login, in seconds."""
    return [
        datetime.strptime(found, "%Y-%m-%d %H:%M:%S,%f").timestamp()  # noqa: DTZ007 - only differences count
        for found in _FAILED.findall(log.read_text(errors="replace"))
    ]


def _most(times: list[float]) -> int:
    """Give the most within any second."""
    return max((sum(1 for other in times if 0 <= other - each < 1) for each in times), default=0)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--wrong", type=float, default=2.0, help="seconds that each password is wrong, at least")
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "rotation")
        outcome = run(
            cluster, "rotation", times=given.times, rate=given.rate, wrong_s=given.wrong,
            say=lambda text: print(text, flush=True), durability=given.durability,
        )  # fmt: skip
    load = load_now()
    verdict, watched, slow = outcome.verdict, outcome.watched, sorted(outcome.recoveries_s)
    print(
        f"{len(slow)} rotations under {given.rate}/s, durability={given.durability}: accepted {verdict.accepted:,}, "
        f"LOST {verdict.missing}, duplicates {verdict.duplicates} (other id {verdict.duplicates_other_id})\n"
        f"recovery median {slow[len(slow) // 2]:.2f} s, slowest {slow[-1]:.2f} s, without a restart\n"
        f"while wrong: {outcome.failed_logins} failed logins in {outcome.wrong_s:.0f} s = "
        f"{outcome.failed_logins / outcome.wrong_s:.2f}/s, at most {outcome.most_in_a_second} within any second\n"
        f"equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3] or []}; load {load}\n"
        f"R12 sets {'equal' if outcome.passed else 'DIFFER'}"
    )
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
