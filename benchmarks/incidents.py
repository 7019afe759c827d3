"""Twelve incidents on a real Kafka, seen on a real terminal of 80x24: whether the page says what a person must know.

    python -m benchmarks.incidents [--only 3,5] [--out FOLDER]          (needs root, tmux, libfaketime)

Three nodes with SCRAM over TLS and ACLs; an agent under a steady load; its screen attached in tmux. Each incident is
staged, and within its time the banner must name what is wrong, since when, what it does to payloads, the time until
the next is lost (counting down) where any is in danger, and the next act with its key; `insights-tui status` must name
the same. Then it is repaired, as a person would: the page must be calm again, an event must tell that it is over,
nothing may be lost, and the counts must balance. Every screen is written to the folder as text.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.agent import load_now
from benchmarks.harness.kafka import make_topic
from benchmarks.staging.page import Page, lacking
from benchmarks.staging.stage import MECHANISM, NAMES, USER, Looks, Stage, colours, write
from tests.kafka_cluster import Cluster
from tests.kafka_cluster.certificates import Authority

HERE = ("127.0.0.1", "localhost", "::1", *NAMES)
HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Incident:
    """What is broken, and what the page must then say; `a|b` in words is either."""

    number: int
    name: str
    stage: Callable[[Stage], None]
    repair: Callable[[Stage], None]
    state: tuple[str, ...]
    """Words of the first row."""
    what: tuple[str, ...]
    effect: tuple[str, ...]
    act: tuple[str, ...]
    key: tuple[str, str]
    over: tuple[str, ...]
    """Words of the page of events after the repair."""
    danger: bool = True
    """Whether payloads wait, so that the time until the next loss must count down."""
    within_s: float = 60.0
    code: int = 5
    """The exit code of `insights-tui status`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    disk_mb: int | None = None
    clock: bool = False
    holds: bool = True
    """Whether the topic still holds what was delivered."""
    dead: bool = False
    """Whether the agent itself is away: the page speaks of its last word, `status` of no agent."""


def _broker_down() -> Incident:
    def stage(on: Stage) -> None:
        on.cluster.proxy(2, "SASL_PROXIED").fault("refuse")  # first, or the proxy answers for a dead broker
        on.cluster.kill(2)

    def repair(on: Stage) -> None:
        on.cluster.proxy(2, "SASL_PROXIED").heal()
        on.cluster.restart(2)

    return Incident(
        1, "broker-down", stage, repair,
        state=("DEGRADED", "brokers 2/3"), what=("kafka-2",), effect=("delivery goes on",),
        act=("broker is running",), key=("k", "Check"), over=("kafka-2",), danger=False,
    )  # fmt: skip


def _acl_revoked() -> Incident:
    return Incident(
        2, "acl-revoked",
        lambda on: on.cluster.revoke(USER, on.topic), lambda on: on.cluster.grant(USER, on.topic),
        state=("NOT AUTHORIZED",), what=("rights on the topic insights-2 were revoked",),
        effect=("nothing is delivered",), act=("grant", "WRITE"), key=("k", "Check"),
        over=("Delivery is now CONNECTED",),
    )  # fmt: skip


def _password_rotated() -> Incident:
    fresh = secrets.token_hex(12)

    def stage(on: Stage) -> None:
        on.cluster.rotate_password(USER, MECHANISM, fresh)
        on.cut()

    def repair(on: Stage) -> None:
        on.connect(fresh, on.cluster.ca_file)
        on.cluster.users[USER] = fresh

    return Incident(
        3, "password-rotated", stage, repair,
        state=("AUTH FAILED",), what=("password of insights was changed",),
        effect=("nothing is delivered",), act=("new password",), key=("c", "Edit Connection"),
        over=("Delivery is now CONNECTED", "connection"),
    )  # fmt: skip


def _wrong_ca() -> Incident:
    other = Authority.create("Acme Root CA 2027")

    def stage(on: Stage) -> None:
        on.cluster.present(other.server_pem(HERE))
        on.cut()

    def repair(on: Stage) -> None:
        ca = on.agent.home / "acme-root-ca-2027.pem"
        ca.write_bytes(other.pem)
        on.connect(on.cluster.users[USER], ca)

    return Incident(
        4, "wrong-ca", stage, repair,
        state=("TLS FAILED",), what=("does not trust Acme Root CA 2027",),
        effect=("nothing is delivered",), act=("CA",), key=("c", "Edit Connection"),
        over=("Delivery is now CONNECTED", "connection"),
    )  # fmt: skip


def _certificate_expired() -> Incident:
    def stage(on: Stage) -> None:
        on.cluster.present(on.cluster.certificates.authority.server_pem(HERE, days=-0.01))
        on.cut()

    def repair(on: Stage) -> None:
        on.cluster.present(on.cluster.certificates.authority.server_pem(HERE))

    return Incident(
        5, "certificate-expired", stage, repair,
        state=("TLS FAILED",), what=("certificates of all 3 servers have expired",), effect=("nothing is delivered",),
        act=("renew",), key=("k", "Check"), over=("Delivery is now CONNECTED",),
    )  # fmt: skip


def _dns_gone() -> Incident:
    def stage(on: Stage) -> None:
        on.hosts.forget()
        on.cut()

    return Incident(
        6, "dns-gone", stage, lambda on: on.hosts.know(),
        state=("UNREACHABLE",), what=("name", "cannot be resolved"), effect=("nothing is delivered",),
        act=("DNS",), key=("k", "Check"), over=("Delivery is now CONNECTED",),
    )  # fmt: skip


def _broker_cut() -> Incident:
    return Incident(
        7, "broker-cut",
        lambda on: on.cluster.proxy(2, "SASL_PROXIED").fault("silent"),
        lambda on: on.cluster.proxy(2, "SASL_PROXIED").heal(),
        state=("DEGRADED", "brokers 2/3"), what=("kafka-2", "answers no more"), effect=("delayed|goes on",),
        act=("hangs",), key=("k", "Check"), over=("kafka-2",), danger=False,
    )  # fmt: skip


def _topic_deleted() -> Incident:
    def repair(on: Stage) -> None:
        make_topic(on.cluster, on.topic)

    return Incident(
        8, "topic-deleted", lambda on: on.cluster.delete_topic(on.topic), repair,
        state=("TOPIC MISSING|NOT AUTHORIZED",), what=("topic insights-8", "does not exist"),
        effect=("nothing is delivered",), act=("create|spelling",), key=("c", "Edit Connection"),
        over=("Delivery is now CONNECTED",), holds=False,
    )  # fmt: skip


def _disk_full() -> Incident:
    def stage(on: Stage) -> None:
        on.fill()

    return Incident(
        9, "disk-full", stage, lambda on: on.ballast.unlink(),
        state=("REFUSING",), what=("disk is full",), effect=("refused",), act=("free disk space", "state"),
        key=("", ""), over=("Ingest takes payloads in again",), danger=False, disk_mb=48,
        settings={"INSIGHTS_SPOOL__MAX_BYTES": str(24_000_000)},
    )  # fmt: skip


def _queue_full() -> Incident:
    def stage(on: Stage) -> None:
        for node in on.cluster.nodes:
            on.cluster.freeze(node)

    return Incident(
        10, "queue-full", stage, lambda on: on.cluster.heal(),
        state=("REFUSING",), what=("queue is full", "200 of 200"), effect=("refused",), act=("delivery",),
        key=("2", "Delivery"), over=("Ingest takes payloads in again",),
        settings={"INSIGHTS_QUEUE__MAX_PAYLOADS": "200"},
    )  # fmt: skip


def _agent_dead() -> Incident:
    def repair(on: Stage) -> None:
        on.agent.launch()
        assert on.agent.wait_listening(), on.agent.log_tail()

    def stage(on: Stage) -> None:
        for node in on.cluster.nodes:
            on.cluster.freeze(node)
        on.wait(lambda page: page.loss_s is not None, "payloads wait", 40)
        on.agent.end()
        on.cluster.heal()

    return Incident(
        11, "agent-dead", stage, repair,
        state=("STALE",), what=("agent",), effect=("deadlines run on",), act=("start",), key=("", ""),
        over=("started|restarted",), code=4, dead=True,
    )  # fmt: skip


def _clock_jump() -> Incident:
    def stage(on: Stage) -> None:
        assert on.clock is not None
        on.clock.jump(2 * HOUR)

    def repair(on: Stage) -> None:
        assert on.clock is not None
        on.clock.jump(0)

    return Incident(
        12, "clock-jump", stage, repair,
        state=("CONNECTED",), what=("clock",), effect=("delivery goes on|delivered",), act=("clock",),
        key=("3", "Events"), over=("clock",), danger=False, clock=True, code=0,
    )  # fmt: skip


INCIDENTS = (
    _broker_down, _acl_revoked, _password_rotated, _wrong_ca, _certificate_expired, _dns_gone, _broker_cut,
    _topic_deleted, _disk_full, _queue_full, _agent_dead, _clock_jump,
)  # fmt: skip


@dataclass
class Outcome:
    """What came of one incident."""

    incident: Incident
    seen_s: float | None = None
    """From the fault until the page said everything."""
    calm_s: float | None = None
    """From the repair until the page was calm."""
    banner: str = ""
    wrong: list[str] = field(default_factory=list)

    def tell(self) -> str:
        """Write it in lines."""
        seen = "never" if self.seen_s is None else f"{self.seen_s:.1f} s"
        calm = "never" if self.calm_s is None else f"{self.calm_s:.1f} s"
        head = f"{self.incident.number:2} {self.incident.name:20} said after {seen}, calm {calm} after the repair"
        rows = [f"{head}: {'WRONG' if self.wrong else 'right'}", f"      {self.banner}"]
        return "\n".join([*rows, *(f"      - {one}" for one in self.wrong)])


def judged(incident: Incident, page: Page) -> list[str]:
    """Tell what the page fails to say."""
    wrong = [f"the first row lacks {word!r}" for word in lacking(page.status, incident.state)]
    for part, words in (("what", incident.what), ("effect", incident.effect), ("act", incident.act)):
        wrong += [f"{part}: the banner lacks {word!r}" for word in page.has(*words)]
    if not page.since:
        wrong.append("the banner does not say since when")
    if incident.danger and page.loss_s is None:
        wrong.append("the banner does not say how long until a payload is lost")
    if incident.key[0] and not page.key(*incident.key):
        wrong.append(f"the banner does not name the key {' '.join(incident.key)}")
    return wrong


def judged_twin(incident: Incident, looks: Looks) -> list[str]:
    """Tell what `insights-tui status` fails to say."""
    wrong = []
    if looks.code != incident.code:
        wrong.append(f"status: exit code {looks.code}, not {incident.code}")
    if incident.dead:
        return wrong
    words = (*incident.what, *incident.effect, *incident.act, *(word for word in incident.state if "/" not in word))
    wrong += [f"status: lacks {word!r}" for word in lacking(looks.twin, words)]
    wrong += ["status: no since"] * ("since " not in looks.twin)
    wrong += ["status: no time until the next loss"] * (incident.danger and "the next is lost in" not in looks.twin)
    return wrong


def run(cluster: Cluster, incident: Incident, out: Path) -> Outcome:
    """Stage one incident, look, repair it, look again."""
    outcome, topic = Outcome(incident), f"insights-{incident.number}"
    make_topic(cluster, topic)
    name = f"{incident.number:02}-{incident.name}"
    with Stage(cluster, topic, settings=incident.settings, disk_mb=incident.disk_mb, clock=incident.clock) as on:
        try:
            _during(on, incident, outcome, out, name)
            _after(on, incident, outcome, out, name)
        finally:
            on.hosts.know()
            cluster.heal()
            for node in cluster.nodes:
                cluster.proxy(node, "SASL_PROXIED").heal()
            cluster.present(cluster.certificates.server.read_bytes())
    return outcome


def _during(on: Stage, incident: Incident, outcome: Outcome, out: Path, name: str) -> None:
    began = time.monotonic()
    incident.stage(on)
    try:
        page = on.wait(lambda page: not judged(incident, page), "the page says everything", incident.within_s)
        outcome.seen_s = time.monotonic() - began
        if incident.danger:
            first = page.loss_s
            assert first is not None
            on.wait(lambda page: page.loss_s is not None and page.loss_s < first, "it counts down", 15)
    except TimeoutError as error:
        outcome.wrong.append(str(error).splitlines()[0])
    colours(out, f"{name}.during", on.terminal)
    looks = on.looks()
    write(out, f"{name}.during", looks)
    outcome.banner = looks.page.banner
    outcome.wrong += judged(incident, looks.page) + judged_twin(incident, looks)


def _after(on: Stage, incident: Incident, outcome: Outcome, out: Path, name: str) -> None:
    incident.repair(on)
    began = time.monotonic()
    try:
        on.wait(lambda page: "● CONNECTED" in page.status and not _loud(page), "the page is calm", 90)
        outcome.calm_s = time.monotonic() - began
        counts = on.settled()
        if not counts["balanced"] or counts["lost_open"] or counts["accepted"] != counts["delivered"]:
            outcome.wrong.append(f"after the repair: {counts}")
        if counts["accepted"] < on.answers.accepted:
            outcome.wrong.append(f"answered 2xx {on.answers.accepted}, but {counts}")
        if incident.holds:
            records = on.cluster.read_all(on.topic, count=counts["delivered"], timeout_s=60)
            ids = {record.header("insights-id") for record in records}
            if len(ids) != counts["delivered"]:
                outcome.wrong.append(f"{len(ids)} different payloads in the topic, {counts['delivered']} delivered")
    except TimeoutError as error:
        outcome.wrong.append(str(error).splitlines()[0])
    colours(out, f"{name}.after", on.terminal)
    write(out, f"{name}.after", on.looks())
    on.terminal.keys("3")
    try:
        on.wait(
            lambda page: not lacking(page.text, ("level all", *incident.over)), f"the events say {incident.over}", 15
        )
    except TimeoutError as error:
        outcome.wrong.append(str(error).splitlines()[0])
    write(out, f"{name}.events", on.looks())
    outcome.wrong += on.sampler.watched.violations


def _loud(page: Page) -> bool:
    return bool(page.since)


def chosen(only: str) -> Iterable[Incident]:
    """Give the incidents asked for, by number or name; all where none is named."""
    asked = [one.strip() for one in only.split(",") if one.strip()]
    for make in INCIDENTS:
        incident = make()
        if not asked or str(incident.number) in asked or incident.name in asked:
            yield incident


def main() -> int:
    """Stage them and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="numbers or names, by comma")
    parser.add_argument("--out", type=Path, help="where the screens are written; a temporary folder otherwise")
    given = parser.parse_args()
    out = given.out or Path(tempfile.mkdtemp(prefix="insights-incidents-"))
    out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    cluster = Cluster.start(3, NAMES)
    try:
        for incident in chosen(given.only):
            outcomes.append(run(cluster, incident, out))
            print(outcomes[-1].tell(), flush=True)
    finally:
        cluster.stop()
    right = sum(not one.wrong for one in outcomes)
    print(f"{right} of {len(outcomes)} incidents named in full; screens in {out}; load {load_now()}")
    return 0 if outcomes and right == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
