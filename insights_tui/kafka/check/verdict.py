"""The one sentence an admin needs: pure."""

from collections.abc import Sequence
from typing import NamedTuple

from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.connection import Connection
from insights_tui.domain.text import counted, sanitize
from insights_tui.domain.trouble import About, Code
from insights_tui.kafka.cause import running
from insights_tui.kafka.check.compare import compare
from insights_tui.kafka.check.hints import hints_of
from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.replicas import BEHIND, GONE, TOO_FEW
from insights_tui.kafka.check.scene import Scene
from insights_tui.kafka.verify import unusable

_TOPICAL = (Step.TOPIC, Step.WRITE)
_CLUSTERS = ("two_clusters", "member_of_another_cluster")
_TELL_ALL = ("clock_suspect", "same_certificate_error", "other_protocol")
"""They explain more than one server's failure where no server works."""
_ADVERTISED = ("advertised_localhost", "advertised_unresolved", "advertised_private")
_RANK = {
    code: rank
    for rank, code in enumerate(
        (Code.AUTH_FAILED, Code.MECHANISM_REFUSED, Code.TLS_FAILED, Code.KAFKA_UNREACHABLE, Code.NAME_NOT_RESOLVED)
    )
}
"""What tells most, first: who got furthest knows best what is missing."""


def unusable_verdict(connection: Connection, error: Exception) -> CheckVerdict:
    """Say that the connection cannot even be tried."""
    trouble = unusable(connection, error)
    return CheckVerdict(
        "failed", len(connection.servers), 0, trouble.what, trouble.act, trouble.code, about=trouble.about
    )


def verdict_of(scene: Scene, limits: CheckLimits) -> CheckVerdict:
    """Judge what was seen: the best explanation, what comparing told, and hints."""
    findings = compare(scene)
    topical = _topical(scene)
    strays = {name for one in findings if one.code in _CLUSTERS for name in one.servers}
    down = {one.name for one in scene.down} | strays
    best = _best(scene, findings, topical)
    failed = len(down) + bool(topical or any(one.code == TOO_FEW for one in findings))
    lacking = next((one for one in findings if one.code in (GONE, BEHIND)), None)
    works = best is None
    said = best or _well(scene, lacking)
    return CheckVerdict(
        verdict="ok" if works else "failed",
        failed=failed,
        servers=len(scene.seen),
        sentence=sanitize(said.sentence, limit=800),
        fix=sanitize(said.fix, limit=800),
        code=said.code,
        findings=findings,
        hints=hints_of(scene, limits),
        degraded=works and lacking is not None,
        about=said.about,
    )


class _Said(NamedTuple):
    sentence: str
    fix: str = ""
    code: Code | None = None
    about: About | None = None


def _best(scene: Scene, findings: Sequence[Finding], topical: Sequence[CheckStep]) -> _Said | None:
    by_code = {one.code: one for one in findings}
    clusters = next((by_code[code] for code in _CLUSTERS if code in by_code), None)
    if clusters is not None:
        return _of_finding(clusters)
    if not scene.up:
        return _none_up(scene, by_code)
    if topical:
        return _of_step(topical[0])
    few = by_code.get(TOO_FEW)
    if few is not None:
        return _of_finding(few, Code.BROKER_REFUSES)
    members = next((by_code[code] for code in _ADVERTISED if code in by_code), None)
    if members is not None:
        return _of_finding(members, _code_of(scene, members))
    if len(scene.down) > 1:
        return _several_down(scene, findings)
    failure = scene.down[0].failure if scene.down else None
    return None if failure is None else _of_one(scene, failure)


def _of_one(scene: Scene, failure: CheckStep) -> _Said:
    """Say why the one server fails that does: where a member refuses and all others answer, it is likely not running.

    Whoever sets advertised.listeners wrong does so at all of them, mostly.
    """
    said = _of_step(failure)
    refused = failure.step is Step.TCP and failure.raw.startswith("ConnectionRefusedError")
    others = any(one.node_id is not None and one.node_id != failure.node_id for one in scene.up)
    if refused and others and failure.role is Role.MEMBER and failure.node_id is not None:
        return said._replace(fix=running(failure.node_id), about=None)
    return said


def _several_down(scene: Scene, findings: Sequence[Finding]) -> _Said:
    names = {one.name for one in scene.down}
    all_ = next(one for one in findings if names <= set(one.servers))  # what explains all, or that some are down
    cause = scene.down[0].failure if all_.code == "some_down" else None
    sentence = f"{all_.what} {cause.cause if cause else ''}".strip()
    return _of_finding(all_, _code_of(scene, all_))._replace(sentence=sentence)


def _none_up(scene: Scene, by_code: dict[str, Finding]) -> _Said | None:
    failures = [one.failure for one in scene.down if one.failure is not None]
    if not failures:
        if scene.login:
            return _Said("No server was tried.", "Name at least one server.", about=About.SERVERS)
        user = sanitize(scene.connection.username or "", limit=100)
        return _Said(
            f"Everything up to the login of {user} works; the login was not tried again.",
            "Check user name, password and mechanism, then edit the connection.",
            Code.AUTH_FAILED,
            About.PASSWORD,
        )
    worst = min(failures, key=lambda step: _RANK.get(step.code or Code.KAFKA_UNREACHABLE, len(_RANK)))
    if worst.code not in (Code.AUTH_FAILED, Code.MECHANISM_REFUSED):
        telling = next((by_code[code] for code in _TELL_ALL if code in by_code), None)
        if telling is not None:
            return _of_finding(telling, _code_of(scene, telling))
    same = sum(step.step is worst.step and step.code is worst.code for step in failures)
    if same > 1 and same == len(failures) == len(scene.seen):
        return _of_step(worst)._replace(sentence=f"None of the {same} servers works. {worst.cause}")
    return _of_step(worst)


def _of_step(step: CheckStep) -> _Said:
    return _Said(step.cause, step.fix, step.code, step.about)


def _of_finding(finding: Finding, code: Code | None = None) -> _Said:
    return _Said(finding.what, finding.fix, code, finding.about)


def _code_of(scene: Scene, finding: Finding) -> Code | None:
    return next((one.code for one in scene.seen if one.name in finding.servers and one.code is not None), None)


def _topical(scene: Scene) -> list[CheckStep]:
    """Give what is wrong with the topic or the permission, the topic first."""
    steps = [step for one in scene.seen for step in one.steps.values() if step.step in _TOPICAL]
    wrong = [step for step in steps if step.state is StepState.FAILED]
    return sorted(wrong, key=lambda step: _TOPICAL.index(step.step))


def _well(scene: Scene, lacking: Finding | None) -> _Said:
    """Say that payloads go through, after what is broken all the same."""
    if lacking is None:
        return _Said(_all_well(scene))
    return _of_finding(lacking)._replace(sentence=f"{lacking.what} {_all_well(scene)}")


def _all_well(scene: Scene) -> str:
    topic = scene.connection.topic
    members = sum(one.node_id is not None for one in scene.seen)
    some = {1: "The server works", 2: "Both servers work"}.get(len(scene.seen), f"All {len(scene.seen)} servers work")
    reported = f", {counted(members, 'member')} of the cluster among them" if len(scene.seen) > 1 and members else ""
    proven = any(one.state(Step.WRITE) is StepState.OK for one in scene.seen)
    may = "may be written to" if proven else "is there"
    return f"{some}{reported}, and the topic {topic} {may}."
