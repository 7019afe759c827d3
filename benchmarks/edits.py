"""Gate R14: the connection edited under load, again and again: nothing lost, and a bad edit changes nothing.

    python -m benchmarks.edits [--times 1000] [--rate 500]

Good edits change the topic, the mechanism or the user's CA file, or go back to an earlier revision; bad ones have a
wrong password, a topic that is not there, a server that is not there, or a CA that signed nothing. All with
`check=require`. What was answered 2xx must be in one of the two topics: they are compared as one set.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import ACCEPTED, Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import ALTERED, DISTINCT, FOREIGN, GAPS, RECORDS, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from tests.kafka_cluster import Cluster
from tests.kafka_cluster.certificates import Authority
from tests.kafka_cluster.ports import free_ports

USER = "insights"
CONNECTION, REVISIONS = "/v1/admin/insights-connection", "/v1/admin/connection-revisions"
GOOD = ("topic", "mechanism", "back", "same")
BAD = ("password", "missing topic", "dead server", "wrong CA")
_TURNS = ("topic", "password", "mechanism", "back", "missing topic", "topic", "dead server", "same", "wrong CA", "back")
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    accepted: int
    lost: int
    """Answered 2xx and in neither topic."""
    in_both: int
    """In doubt when the topic changed: an attempt reached the old one, and the new one has it too."""
    other_id: int
    """In both, under two ids."""
    odd: int
    """Altered, foreign, or deleted unread."""
    topics: tuple[int, int]
    """Different payloads in each."""
    records: int
    edits: Counter[str]
    wrong: list[str]
    """Edits that ended otherwise than they must."""
    slowest_s: dict[str, float]
    counts: dict[str, int]
    watched: Watched
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing is lost and every edit did what it must."""
        counts = self.counts
        return not (
            self.lost
            or self.other_id
            or self.odd
            or self.wrong
            or self.watched.wrong
            or counts["accepted"] != counts["delivered"]
            or min(self.topics) == 0
        )


class Editor:
    """Edits one agent's connection, and knows what each edit must do."""

    def __init__(self, cluster: Cluster, agent: Agent, topics: tuple[str, str]) -> None:
        self.edits: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest_s: dict[str, float] = {}
        self._agent, self._topics = agent, topics
        self._dead = f"127.0.0.1:{free_ports(1)[0]}"
        self._other_ca = Authority.create("Another CA").pem.decode()
        self._good = {
            "connection_type": "kafka_sasl_ssl", "broker_url": cluster.bootstrap("SASL_SSL"), "topic": topics[0],
            "broker_username": USER, "broker_password": cluster.users[USER], "ca_certificate": cluster.ca_pem,
            "sasl_mechanism": _MECHANISMS[0],
        }  # fmt: skip

    def edit(self, kind: str) -> None:
        """Do one edit and hold its answer, and the revision in use afterwards, against what must be."""
        before = self._revision()
        began = time.monotonic()
        if kind == "back":
            earlier = next(one for one in self._past() if not one["why_not"])
            answer = self._agent.request("POST", f"{REVISIONS}/{earlier['revision']}?check=require", json={})
        else:
            body = self._body(kind)
            answer = self._agent.request("POST", f"{CONNECTION}?check=require", json=body)
        took = time.monotonic() - began
        self.edits[kind] += 1
        self.slowest_s[kind] = max(self.slowest_s.get(kind, 0.0), took)
        after = self._revision()
        good = kind in GOOD
        if answer.is_success is not good or after != before + good:
            self.wrong.append(f"{kind}: {answer.status_code} {answer.text[:200]}, revision {before} then {after}")
        if good and answer.is_success:
            saved = answer.json()
            self._good |= {"topic": saved["topic"], "sasl_mechanism": saved["sasl_mechanism"]}

    def _body(self, kind: str) -> dict[str, Any]:
        good = self._good
        if kind == "topic":
            return good | {"topic": self._topics[good["topic"] == self._topics[0]]}
        if kind == "mechanism":
            return good | {"sasl_mechanism": _MECHANISMS[(_MECHANISMS.index(good["sasl_mechanism"]) + 1) % 3]}
        if kind == "same":  # the password is left out: it goes where it went
            return {name: value for name, value in good.items() if name != "broker_password"}
        changed = {
            "password": {"broker_password": "wrong"},
            "missing topic": {"topic": "not-there"},
            "dead server": {"broker_url": self._dead},
            "wrong CA": {"ca_certificate": self._other_ca},
        }
        return good | changed[kind]

    def _revision(self) -> int:
        return int(self._agent.request("GET", CONNECTION).json()["revision"])

    def _past(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._agent.request("GET", REVISIONS).json()["revisions"]
        return found


def run(
    cluster: Cluster, topics: tuple[str, str], *, times: int, rate: int, say: Callable[[str], None] = lambda _: None,
    durability: str = "full",
) -> Outcome:  # fmt: skip
    """Edit under load, compare."""
    agent = Agent(
        cluster.bootstrap("SASL_SSL"), topics[0],
        {
            "INSIGHTS_CONNECTION__TYPE": "sasl",
            "INSIGHTS_CONNECTION__MECHANISM": _MECHANISMS[0],
            "INSIGHTS_CONNECTION__USERNAME": USER,
            "INSIGHTS_CONNECTION__PASSWORD": cluster.users[USER],
            "INSIGHTS_CONNECTION__CA_FILE": str(cluster.ca_file),
        },
        durability=durability,
    )  # fmt: skip
    answers = Answers()
    capacity = rate * (times * 2 + 60) + 100_000
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        editor = Editor(cluster, agent, topics)
        one, other = (TopicReader(cluster.plaintext, topic, capacity=capacity) for topic in topics)
        with one, other, Sampler(agent, answers) as sampler:
            began = time.monotonic()
            with Loader(agent.address, answers, lines=max(1, min(50, rate // 20)), connections=2, per_s=rate):
                for turn in range(times):
                    editor.edit(_TURNS[turn % len(_TURNS)])
                    if turn % 100 == 99:
                        say(f"{turn + 1} edits in {time.monotonic() - began:.0f} s, {len(editor.wrong)} wrong")
            seconds = time.monotonic() - began
            seen = agent.wait_until(
                lambda snapshot: not any(snapshot["counts"][name] for name in PENDING), "all is delivered", 60.0
            )
            for reader, topic in zip((one, other), topics, strict=True):
                reader.wait_end(ends(cluster.plaintext, topic))
            return _judge(answers, (one, other), editor, seen["counts"], sampler.watched, seconds)
    finally:
        agent.close()


def _judge(
    answers: Answers, readers: tuple[TopicReader, TopicReader], editor: Editor, counts: dict[str, int],
    watched: Watched, seconds: float,
) -> Outcome:  # fmt: skip
    lost = in_both = other_id = 0
    one, other = readers
    for number, state in enumerate(answers.states):
        here, there = one.counts[number], other.counts[number]
        lost += state == ACCEPTED and not here and not there
        if here and there:
            in_both += 1
            other_id += one.map.ids[number] != other.map.ids[number]
    return Outcome(
        accepted=answers.accepted,
        lost=lost,
        in_both=in_both,
        other_id=other_id,
        odd=sum(reader[place] for reader in readers for place in (ALTERED, FOREIGN, GAPS)),
        topics=(one[DISTINCT], other[DISTINCT]),
        records=one[RECORDS] + other[RECORDS],
        edits=editor.edits,
        wrong=editor.wrong,
        slowest_s=editor.slowest_s,
        counts=counts,
        watched=watched,
        seconds=seconds,
    )


def tell(outcome: Outcome) -> str:
    """Write the report."""
    good = sum(outcome.edits[kind] for kind in GOOD)
    bad = sum(outcome.edits[kind] for kind in BAD)
    slow = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in outcome.slowest_s.items())
    return (
        f"{good + bad} edits under load in {outcome.seconds:.0f} s: {good} good, {bad} refused ones; "
        f"{len(outcome.wrong)} ended wrong {outcome.wrong[:3] or ''}\n"
        f"accepted {outcome.accepted:,}, LOST {outcome.lost}; {outcome.topics[0]:,} in one topic, "
        f"{outcome.topics[1]:,} in the other, {outcome.in_both} in both (other id {outcome.other_id}); "
        f"records {outcome.records:,}, odd {outcome.odd}\n"
        f"slowest answers, s: {slow}\n"
        f"equation: {outcome.watched.samples} samples, {outcome.watched.wrong} wrong "
        f"{outcome.watched.violations[:3] or ''}; load {load_now()}\n"
        f"R14 {'passed' if outcome.passed else 'FAILED'}"
    )


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    with running(1) as cluster:
        topics = ("edits-one", "edits-two")
        for topic in topics:
            make_topic(cluster, topic)
        outcome = run(
            cluster, topics, times=given.times, rate=given.rate, durability=given.durability,
            say=lambda text: print(text, flush=True),
        )  # fmt: skip
    print(tell(outcome))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
