"""What people are told of brokers and leaders: pure, from what was seen of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from insights_tui.delivery.status import ActiveTrouble
from insights_tui.domain.connection import Connection
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.bootstrap import StartError
from insights_tui.kafka.node import Node

_LOGIN = {Code.AUTH_FAILED, Code.MECHANISM_REFUSED}
_ALIKE = _LOGIN | {Code.TLS_FAILED, Code.NAME_NOT_RESOLVED}
"""What is one failure where it is the same at every broker."""
_TRIED = 2
"""Failures of a broker that was tried again after its connection was closed."""
_LISTED = 8
"""Partitions that are named one by one."""


def broker_troubles(nodes: Iterable[Node], bootstrap: str, *, reachable: bool) -> list[ActiveTrouble]:
    """Tell which brokers are down, and where that is all of them, that Kafka is unreachable; one cause once."""
    down = [node for node in nodes if node.trouble and node.since]
    refused = any(node.trouble.code in _LOGIN for node in down if node.trouble)
    found = [
        ActiveTrouble(node.trouble, node.since)
        for node in down
        if node.trouble and node.since and not (refused and node.failures < _TRIED and node.trouble.code not in _LOGIN)
    ]  # what was just closed and is not tried again, as the login is refused elsewhere, is no cause of its own
    codes = {one.trouble.code for one in found}
    if len(found) > 1 and not reachable and len(codes) == 1 and codes <= _ALIKE:  # the table of the brokers names each
        return [replace(found[0], since=max((one.since for one in found), key=lambda since: since.boot))]
    if found and not reachable and all(one.trouble.code is Code.BROKER_UNREACHABLE for one in found):
        what = "None of the brokers of the cluster can be reached."
        if len(found) == 1:
            what = found[0].trouble.what
        trouble = replace(found[0].trouble, code=Code.KAFKA_UNREACHABLE, subject=bootstrap, what=what)
        latest = max((one.since for one in found), key=lambda since: since.boot)
        alike = len({one.trouble.raw for one in found}) == 1
        found = [ActiveTrouble(trouble, latest), *(() if alike else found)]
    return found


def of_all(connection: Connection, error: StartError) -> Trouble:
    """Say what keeps a client from being made; where it is the same at every server, of all of them."""
    trouble, servers = error.verdict.trouble, len(connection.servers)
    if error.alike < servers or servers == 1 or error.verdict.scope == "client":
        return trouble
    what = f"None of the {servers} servers works. {trouble.what}"
    return replace(trouble, subject=connection.bootstrap, what=what)


def no_leader(topic: str, partitions: Collection[int], missing: Mapping[int, Sequence[int]]) -> Trouble:
    """Say which partitions nobody leads; `missing`: the brokers that are not members, with what they are to hold."""
    what = f"Partition {_listed(partitions)} of {topic} has no leader."
    holders = [number for number, held in missing.items() if set(held) & set(partitions)]
    act = f"Bring back {_brokers(holders)}: no other holds it whole." if holders else "Bring back who holds it."
    return Trouble(Code.NO_LEADER, topic, what, act)


def not_listed(broker: int, held: Sequence[int], partitions: int) -> Trouble:
    """Say that a broker is to hold partitions and is no member of the cluster: nobody tells where it was."""
    every = "both" if partitions == 2 else f"all {partitions}"
    of = every if len(held) == partitions > 1 else f"{len(held)} of {partitions}"
    copies = f"{of} partition{'s' if partitions > 1 else ''}"
    return Trouble(
        Code.BROKER_UNREACHABLE,
        f"broker {broker}",
        f"Broker {broker} is not in the cluster: its copies of {copies} are missing.",
        f"Look whether broker {broker} is running, then at its log.",
        "listed in the partitions' replicas, not among the brokers",
    )


def single_replica(topic: str, replicas: Mapping[int, int]) -> Trouble | None:
    """Say which partitions lie on one broker only; `replicas` counts them, by partition."""
    single = [number for number, count in replicas.items() if count == 1]
    if not single:
        return None
    which = f"The topic {topic}" if len(single) == len(replicas) else f"Partition {_listed(single)} of {topic}"
    act = "Raise the topic's replication factor to 3, and its min.insync.replicas to 2."
    return Trouble(Code.SINGLE_REPLICA, topic, f"{which} has one replica.", act)


def _brokers(numbers: Collection[int]) -> str:
    return f"broker{'s' if len(numbers) > 1 else ''} {_listed(numbers)}"


def _listed(partitions: Collection[int]) -> str:
    return ", ".join(map(str, sorted(partitions)[:_LISTED])) + (" and more" if len(partitions) > _LISTED else "")
