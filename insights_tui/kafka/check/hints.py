"""What deserves a look although nothing failed: pure."""

from collections.abc import Iterator
from datetime import timedelta

from insights_tui.domain.certificate import EXPIRES_SOON, describe_ca
from insights_tui.domain.check import Finding, Step, StepState
from insights_tui.domain.text import date, sanitize, thousands
from insights_tui.domain.trouble import About
from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.questions import MAX_BYTES, MIN_INSYNC
from insights_tui.kafka.check.scene import Scene, names

SLOW_MS = 1000.0
_SLOW = (Step.API, Step.METADATA)


def hints_of(scene: Scene, limits: CheckLimits) -> tuple[Finding, ...]:
    """List the hints."""
    return (*_servers(scene), *_topic(scene, limits), *_write(scene), *_expiry(scene), *_slow(scene))


def _servers(scene: Scene) -> Iterator[Finding]:
    if len(scene.connection.servers) == 1:
        yield Finding(
            "single_server",
            "The connection names one bootstrap server: while it is down, nobody else can be asked where the cluster "
            "is.",
            "Add a second one.",
            (str(scene.connection.servers[0]),),
            About.SERVERS,
        )


def _topic(scene: Scene, limits: CheckLimits) -> Iterator[Finding]:
    topic = scene.connection.topic
    view = next((one.view for one in scene.up if one.view is not None and one.view.partitions), None)
    if view is None:
        return
    replicas = min(part.replicas for part in view.partitions.values())
    configs = next((one.configs for one in scene.seen if one.configs), {})
    if replicas == 1:
        yield Finding(
            "single_replica",
            f"The topic {topic} has one replica: with the disk of one broker its payloads are gone.",
            "Create the topic with three replicas, where the cluster has as many brokers.",
        )
    elif configs.get(MIN_INSYNC) == "1":
        yield Finding(
            "min_insync_replicas",
            f"{MIN_INSYNC} of the topic {topic} is 1: what Kafka has acknowledged may be on one broker alone.",
            f"Set {MIN_INSYNC} of the topic to 2.",
        )
    largest = configs.get(MAX_BYTES, "")
    if largest.isdigit() and int(largest) < limits.batch_bytes:
        yield Finding(
            "max_message_bytes",
            f"{MAX_BYTES} of the topic {topic} is {thousands(int(largest))}, and a batch may have "
            f"{thousands(limits.batch_bytes)} bytes before compression: batches are refused and halved until they fit.",
            f"Raise {MAX_BYTES} of the topic to 1,048,588, Kafka's own default, or more.",
        )


def _write(scene: Scene) -> Iterator[Finding]:
    told = {one.state(Step.WRITE) for one in scene.up}
    if StepState.UNPROVEN in told and StepState.OK not in told:
        yield Finding(
            "write_unproven",
            "The brokers do not tell who may write to the topic; nothing speaks against it.",
            "Send a test payload once the connection is saved: insights-tui send --test.",
        )


def _expiry(scene: Scene) -> Iterator[Finding]:
    soon = scene.now + EXPIRES_SOON
    expiring = {
        one.certificate.sha256: one.certificate
        for one in scene.seen
        if one.certificate is not None and one.state(Step.TLS) is StepState.OK and one.certificate.not_after < soon
    }
    for shown in expiring.values():
        same = [one for one in scene.seen if one.certificate is not None and one.certificate.sha256 == shown.sha256]
        yield Finding(
            "certificate_expiring",
            f"The certificate of {names(same)} expires in {_days(shown.not_after - scene.now)}, on "
            f"{date(shown.not_after)}.",
            "Have it renewed in time.",
            tuple(one.name for one in same),
        )
    ca = describe_ca(scene.connection.ca_pem, now=scene.now) if scene.connection.ca_pem else None
    if ca is not None and scene.now < ca.expires < soon:
        yield Finding(
            "certificate_expiring",
            f"The CA certificate {sanitize(ca.subject, limit=100)} of the connection expires in "
            f"{_days(ca.expires - scene.now)}, on {date(ca.expires)}.",
            "Ask for its successor in time and edit the connection.",
            about=About.CA,
        )


def _days(left: timedelta) -> str:
    return "1 day" if left.days == 1 else f"{left.days} days"


def _slow(scene: Scene) -> Iterator[Finding]:
    slow = [
        one
        for one in scene.seen
        if any(
            step.step in _SLOW and (step.ms or 0.0) > SLOW_MS and step.state is StepState.OK
            for step in one.steps.values()
        )
    ]
    if slow:
        yield Finding(
            "slow_answer",
            f"{names(slow)} took more than a second to answer.",
            "Look at the load of the broker and at the network on the way.",
            tuple(one.name for one in slow),
        )
