"""What the addresses tell: those that the cluster advertises, and those of one name that are dead. Pure."""

import ipaddress
from collections.abc import Sequence

from insights_tui.domain.check import Finding, Role, Step, StepState
from insights_tui.kafka.check.scene import NAMED, Scene, found, names
from insights_tui.kafka.check.seen import ServerSeen


def advertised(scene: Scene) -> list[Finding]:
    """Tell which addresses the cluster reports that lead nowhere from here: the classic."""
    members = [one for one in scene.down if one.role is Role.MEMBER]
    asked = [one for one in scene.up if one.role is Role.BOOTSTRAP]
    told = []
    unresolved = [one for one in members if one.state(Step.DNS) is StepState.FAILED]
    if unresolved:
        told.append(
            found(
                "advertised_unresolved",
                f"The cluster advertises {_which(unresolved, 'a name', 'names')} that this machine cannot resolve: "
                f"{names(unresolved)}.",
                f"{_listeners(unresolved)} to names that resolve here, or make them known here (DNS, /etc/hosts).",
                unresolved,
            )
        )
    away = asked and not any(_loopback(address) for one in asked for address in one.addresses)
    here = [one for one in members if _loopback(one.server.host)]
    if here and away:
        told.append(
            found(
                "advertised_localhost",
                f"The cluster advertises {names(here)}, which from here is this machine and not the broker.",
                f"{_listeners(here)} to addresses that clients on other machines can reach.",
                here,
            )
        )
    public = asked and all(_public(address) for one in asked for address in one.addresses)
    inside = [one for one in members if _private(one.server.host) and one.state(Step.TCP) is StepState.FAILED]
    if inside and public:
        told.append(
            found(
                "advertised_private",
                f"The cluster advertises {_which(inside, 'a private address', 'private addresses')}, "
                f"not to be reached from here: {names(inside)}.",
                f"{_listeners(inside)} to addresses that can be reached from here, or use the cluster's own network.",
                inside,
            )
        )
    return told


def _which(servers: Sequence[ServerSeen], one: str, many: str) -> str:
    return one if len(servers) == 1 else many


def _listeners(servers: Sequence[ServerSeen]) -> str:
    numbers = ", ".join(str(one.node_id) for one in servers[:NAMED])
    return f"Set advertised.listeners of {_which(servers, 'broker', 'brokers')} {numbers}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _loopback(text: str) -> bool:
    address = _address(text)
    if address is None:
        return text == "localhost" or text.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _private(text: str) -> bool:
    address = _address(text)
    return address is not None and address.is_private and not _loopback(text)


def _public(text: str) -> bool:
    address = _address(text)
    return address is not None and address.is_global


def dead_addresses(scene: Scene) -> list[Finding]:
    """Tell which addresses of a name are dead although the server works."""
    told = []
    for one in scene.seen:
        dead = [address for address, why in one.addresses.items() if why]
        alive = [address for address, why in one.addresses.items() if not why]
        if not dead or not alive or one.state(Step.TCP) is not StepState.OK:
            continue
        sixth = all(":" in address for address in dead) and not any(":" in address for address in alive)
        if sixth:
            what = f"{one.name} cannot be reached over IPv6 ({', '.join(dead)} {one.addresses[dead[0]]}); IPv4 works."
            fix = "Mend IPv6 on the way to it, or remove its AAAA records: other clients wait for them in vain."
        else:
            verbs = {one.addresses[address] for address in dead}
            why = verbs.pop() if len(verbs) == 1 else "cannot be reached"
            what = f"{one.name} has an address that {why} ({', '.join(dead)}), and one that works ({', '.join(alive)})."
            fix = "Take the dead address out of DNS, or bring it back: other clients may wait for it in vain."
        told.append(found("ipv6_dead" if sixth else "address_dead", what, fix, [one]))
    return told
