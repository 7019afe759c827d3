"""What people are told of brokers and leaders: pure, from what was seen of them."""

from collections.abc import Collection, Iterable
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
    listed = ", ".join(map(str, sorted(partitions)[:_LISTED])) + (" and more" if len(partitions) > _LISTED else "")
    what = f"Partition {listed} of {topic} has no leader."
    return Trouble(Code.NO_LEADER, topic, what, "Bring back the brokers that hold it.")
