"""What only comparing the servers tells: pure. The most telling comes first."""

from collections import defaultdict
from collections.abc import Sequence

from insights_tui.domain.check import Finding, Role, Step, StepState
from insights_tui.domain.text import date_time, sanitize
from insights_tui.domain.trouble import About
from insights_tui.kafka.check.addresses import advertised, dead_addresses
from insights_tui.kafka.check.replicas import replicas
from insights_tui.kafka.check.scene import Scene, found, names
from insights_tui.kafka.check.seen import ServerSeen

_EXPIRED, _EARLY = 10, 9
_MISMATCH = (62, 64)
_UNKNOWN_CA = (18, 19, 20, 21)


def compare(scene: Scene) -> tuple[Finding, ...]:
    """Tell what the servers have in common and what sets them apart."""
    told = (
        *_clusters(scene),
        *_clock(scene),
        *_certificates(scene),
        *_protocol(scene),
        *advertised(scene),
        *dead_addresses(scene),
    )
    down = {one.name for one in scene.down}
    explained = any(down <= set(one.servers) for one in told)
    return (*told, *(() if explained else _some_down(scene)), *replicas(scene))


def _clusters(scene: Scene) -> list[Finding]:
    by_id: dict[str, list[ServerSeen]] = defaultdict(list)
    for one in scene.up:
        if one.view is not None and one.view.cluster:
            by_id[one.view.cluster].append(one)
    if len(by_id) < 2:
        return []
    home, *others = sorted(by_id, key=lambda cluster: -len(by_id[cluster]))
    strays = [one for cluster in others for one in by_id[cluster]]
    known = {server for one in by_id[home] if one.view is not None for server in one.view.brokers.values()}
    lost = [one for one in strays if one.server in known and one.role is Role.MEMBER]
    if lost and len(lost) == len(strays):
        brokers = " and ".join(f"broker {one.node_id}" for one in lost)
        return [
            found(
                "member_of_another_cluster",
                f"The address of {names(lost)} leads to another cluster ({_short(others[0])}) than the other servers "
                f"({_short(home)}).",
                f"Correct advertised.listeners of {brokers}, or what its name resolves to here.",
                lost,
            )
        ]
    parts = [f"{names(by_id[cluster])} to {_short(cluster)}" for cluster in (home, *others)]
    return [
        found(
            "two_clusters",
            f"The servers belong to {len(by_id)} clusters: {', '.join(parts)}.",
            "Keep the servers of one cluster only: payloads go to whichever cluster answers first.",
            strays,
            About.SERVERS,
        )
    ]


def _short(cluster: str) -> str:
    return sanitize(cluster, limit=40)


def _clock(scene: Scene) -> list[Finding]:
    shown = [one for one in scene.seen if one.certificate is not None]
    early = [one for one in shown if one.certificate is not None and one.certificate.not_before > scene.now]
    late = [one for one in shown if one.certificate is not None and one.certificate.not_after < scene.now]
    if len(shown) < 2 or not (len(early) == len(shown) or len(late) == len(shown)):
        return []
    clock = f"this machine's clock (timedatectl; it says {date_time(scene.now)})"
    if early:
        what = f"The certificates of all {len(shown)} servers are not valid yet, by this machine's clock."
        return [found("clock_suspect", what, f"Check {clock}; if it is right, look who issued them.", shown)]
    last = max(one.certificate.not_after for one in late if one.certificate is not None)
    return [
        found(
            "clock_suspect",  # certificates are forgotten more often than clocks go wrong
            f"The certificates of all {len(shown)} servers have expired, the last {last:%Y-%m-%d %H:%MZ}.",
            f"Renew them at the brokers, but first check {clock}.",
            shown,
        )
    ]


def _certificates(scene: Scene) -> list[Finding]:
    bad: dict[int, list[ServerSeen]] = defaultdict(list)
    for one in scene.seen:
        if one.verify_code is not None and one.state(Step.TLS) is StepState.FAILED:
            bad[one.verify_code].append(one)
    good = [one for one in scene.seen if one.state(Step.TLS) is StepState.OK]
    told = []
    for code, servers in bad.items():
        if len(servers) < 2 and not good:
            continue
        everywhere = not good and len(bad) == 1
        which = f"all {len(servers)} servers" if everywhere else names(servers)
        what, fix = _said_of(code, servers, which, scene.trusted)
        if good:
            what += f" {names(good)} {'shows' if len(good) == 1 else 'show'} one that is good."
        code_ = "same_certificate_error" if everywhere else "certificate_differs"
        first = servers[0].failure
        told.append(found(code_, what, fix, servers, first.about if first is not None else None))
    return told


def _said_of(code: int, servers: Sequence[ServerSeen], which: str, trusted: str | None) -> tuple[str, str]:
    shown = [one.certificate for one in servers if one.certificate is not None]
    first = servers[0].failure
    fix = first.fix if first is not None else ""
    if code in _UNKNOWN_CA:
        signers = " and ".join(sorted({one.issuer for one in shown})[:3]) or "the CA"
        ours = f"just {trusted}" if trusted else "the CAs of this machine"
        return (
            f"The connection does not trust {signers}, which signed the certificates of {which}: it trusts {ours}.",
            fix,
        )
    if code in _MISMATCH:
        other = sorted({name for one in shown for name in one.names})[:4]
        said = f"they are for {', '.join(other)}" if other else "they name none"
        return f"The certificates of {which} are not for the names that the connection uses: {said}.", fix
    if code == _EXPIRED:
        return f"The certificates of {which} have expired.", fix
    if code == _EARLY:
        return f"The certificates of {which} are not valid yet.", fix
    return f"The certificates of {which} cannot be verified, all for the same reason.", fix


def _protocol(scene: Scene) -> list[Finding]:
    words = {"tls": "speak TLS", "kafka": "speak plain Kafka", "http": "are HTTP servers", "login": "want a login"}
    for speaks, word in words.items():
        servers = [one for one in scene.seen if one.speaks == speaks and one.failure is not None]
        if len(servers) > 1:
            form = "plaintext without a login" if scene.connection.mechanism is None else "SASL over TLS"
            first = servers[0].failure
            all_ = f"All {len(servers)}" if len(servers) == len(scene.seen) else f"{len(servers)} of {len(scene.seen)}"
            what = f"{all_} servers {word} at these ports, and the connection type says {form}: {names(servers)}."
            fix, about = (first.fix, first.about) if first is not None else ("", None)
            return [found("other_protocol", what, fix, servers, about)]
    return []


def _some_down(scene: Scene) -> list[Finding]:
    down, total = scene.down, len(scene.seen)
    if not down or len(down) == total or not scene.up:
        return []
    first = down[0].failure
    verb = "does not work" if len(down) == 1 else "do not work"
    rest = "other one does" if total - len(down) == 1 else f"other {total - len(down)} do"
    return [
        found(
            "some_down",
            f"{len(down)} of {total} servers {verb}: {names(down)}. The {rest}.",
            (first.fix if first is not None else "") or "Look whether they run.",
            down,
            first.about if first is not None else None,
        )
    ]
