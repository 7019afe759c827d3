"""What people are told of brokers and leaders: pure, from what was seen of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from insights_tui.delivery.status import ActiveTrouble
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.node import Node

_LISTED = 8
"""Partitions that are named one by one."""


def broker_troubles(nodes: Iterable[Node], bootstrap: str, *, reachable: bool) -> list[ActiveTrouble]:
    """Tell which brokers are down, and where that is all of them, that Kafka is unreachable."""
    found = [ActiveTrouble(node.trouble, node.since) for node in nodes if node.trouble and node.since]
    if found and not reachable and all(one.trouble.code is Code.BROKER_UNREACHABLE for one in found):
        what = "None of the brokers of the cluster can be reached."
        if len(found) == 1:
            what = found[0].trouble.what
        trouble = replace(found[0].trouble, code=Code.KAFKA_UNREACHABLE, subject=bootstrap, what=what)
        latest = max((one.since for one in found), key=lambda since: since.boot)
        found = [ActiveTrouble(trouble, latest), *(found if len(found) > 1 else ())]
    return found


def no_leader(topic: str, partitions: Collection[int]) -> Trouble:
    """Say which partitions nobody leads."""
    what = f"Partition {_listed(partitions)} of {topic} has no leader."
    return Trouble(Code.NO_LEADER, topic, what, "Bring back the brokers that hold it.")


def single_replica(topic: str, replicas: Mapping[int, int]) -> Trouble | None:
    """Say which partitions lie on one broker only; `replicas` counts them, by partition."""
    single = [number for number, count in replicas.items() if count == 1]
    if not single:
        return None
    which = f"The topic {topic}" if len(single) == len(replicas) else f"Partition {_listed(single)} of {topic}"
    act = "Raise the topic's replication factor to 3, and its min.insync.replicas to 2."
    return Trouble(Code.SINGLE_REPLICA, topic, f"{which} has one replica.", act)


def _listed(partitions: Collection[int]) -> str:
    return ", ".join(map(str, sorted(partitions)[:_LISTED])) + (" and more" if len(partitions) > _LISTED else "")
