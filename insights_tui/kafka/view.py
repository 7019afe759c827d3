"""The cluster as one metadata answer tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from insights_tui.domain.connection import Server


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One partition: who leads it (`None`: nobody), and on how many brokers it lies."""

    leader: int | None
    replicas: int
    held_by: tuple[int, ...] = ()
    """The brokers that are to hold it, whether the cluster lists them or not."""
    in_sync: tuple[int, ...] = ()
    """Those of them that have all of it."""


@dataclass(frozen=True, slots=True)
class View:
    """The members of the cluster and the partitions of one topic."""

    server: Server
    """Who told it."""
    brokers: Mapping[int, Server] = field(default_factory=dict)
    topic_error: int = 0
    partitions: Mapping[int, PartitionView] = field(default_factory=dict)
    cluster: str | None = None
    """The cluster's id, where it tells one."""

    @property
    def missing(self) -> Mapping[int, tuple[int, ...]]:
        """The brokers that are to hold partitions and are not members just now: each with those partitions.

        One that is in sync is there: who stands between us and the cluster (a proxy) does not list all.
        """
        told: dict[int, list[int]] = {}
        for number, part in self.partitions.items():
            for broker in part.held_by:
                if broker not in self.brokers and (part.leader is None or broker not in part.in_sync):
                    told.setdefault(broker, []).append(number)
        return {broker: tuple(sorted(told[broker])) for broker in sorted(told)}


def view_of(server: Server, topic: str, answer: Any) -> View:
    """Read aiokafka's metadata answer, whatever its version."""
    told = answer.to_object()
    brokers = {one["node_id"]: Server(one["host"], one["port"]) for one in told["brokers"]}
    cluster = told.get("cluster_id")
    mine = next((one for one in told["topics"] if one["topic"] == topic), None)
    if mine is None:
        return View(server, brokers, topic_error=3, cluster=cluster)
    partitions = {
        one["partition"]: PartitionView(
            one["leader"] if one["leader"] >= 0 else None,
            len(one["replicas"]),
            tuple(one["replicas"]),
            tuple(one["isr"] or ()),
        )
        for one in mine["partitions"]
    }
    return View(server, brokers, mine["error_code"], partitions, cluster)
