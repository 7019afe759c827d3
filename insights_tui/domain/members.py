"""The brokers there should be: those that the cluster lists, and those that it lists no more but that hold copies."""

import re

from insights_tui.domain.connection import Server
from insights_tui.domain.snapshot import Broker, Snapshot
from insights_tui.domain.trouble import Code

_NUMBERED = re.compile(r"broker (\d+)")


def members(snapshot: Snapshot) -> tuple[Broker, ...]:
    """Give the listed brokers, then the missing ones: `down`, with port 0, because nobody tells where they were."""
    listed = {broker.id for broker in snapshot.brokers}
    missing = [
        Broker(int(found[1]), problem.subject, 0, "down", problem.since, None, "not a member of the cluster any more")
        for problem in snapshot.problems
        if problem.code is Code.BROKER_UNREACHABLE
        and (found := _NUMBERED.fullmatch(problem.subject))
        and int(found[1]) not in listed
    ]
    return (*snapshot.brokers, *missing)


def address(broker: Broker) -> str:
    """Give `host:port` as Kafka's settings write it; of a missing broker what it is called."""
    return str(Server(broker.host, broker.port)) if broker.port else broker.host
