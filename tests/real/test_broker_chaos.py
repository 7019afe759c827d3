"""The engine on three real brokers that are broken in every way: each payload in the topic exactly once."""

import asyncio
import time
from collections.abc import Callable

from benchmarks.broker_chaos import Outcome, run
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from tests.kafka_cluster import Cluster

RATE = 1000
USER = "insights"


def hold(seconds: float) -> None:
    """Let a fault last: it takes time by its nature."""
    time.sleep(seconds)


def test_nothing_is_lost_and_nothing_is_twice_whatever_the_brokers_do(kafka3: Cluster, topic3: str) -> None:
    def freeze() -> None:
        kafka3.freeze(2)
        hold(4)
        kafka3.thaw(2)

    def silence() -> None:
        kafka3.proxy(3).fault("silent")
        hold(3)
        kafka3.proxy(3).heal()

    def kill() -> None:
        kafka3.kill(1)
        kafka3.restart(1)

    def each(act: Callable[[int], None]) -> None:
        for node in kafka3.nodes:
            act(node)
            hold(0.5)

    faults: list[Callable[[], None]] = [
        lambda: each(lambda node: kafka3.proxy(node).drop_acks(2)),
        lambda: each(lambda node: kafka3.proxy(node).cut_requests_mid_way(2)),
        silence,
        kill,
        lambda: each(lambda node: kafka3.proxy(node).reset_all()),
        freeze,
        lambda: each(lambda node: kafka3.proxy(node).drop_acks(1)),
    ]
    left = iter(faults)
    done = 0

    def fault(_: Outcome) -> None:
        nonlocal done
        act = next(left, None)
        if act is not None:
            act()
        done += 1

    outcome = asyncio.run(
        run(
            kafka3,
            rate=RATE,
            until=lambda _: done >= len(faults),
            fault=fault,
            topic=topic3,
            settings=DeliverySettings(request_timeout_s=2.0),
        )
    )
    assert outcome.accepted > 0
    assert outcome.passed, outcome
    assert sum(kafka3.proxy(node).dropped_acks for node in kafka3.nodes) > 0
    assert sum(kafka3.proxy(node).cut_requests for node in kafka3.nodes) > 0
    assert outcome.told["not_idempotent"] == 0


def test_write_permission_alone_is_enough_and_logins_that_are_cut_cost_nothing(kafka3: Cluster, topic3: str) -> None:
    faults = 0

    def fault(_: Outcome) -> None:
        nonlocal faults
        for node in kafka3.nodes:
            kafka3.proxy(node, "SASL_PROXIED").reset_all()
            hold(0.5)
        faults += 1

    servers = (one.rsplit(":", 1) for one in kafka3.bootstrap("SASL_PROXIED").split(","))
    secure = Connection(
        topic3,
        tuple(Server(host, int(port)) for host, port in servers),
        ConnectionType.SASL_SSL,
        Mechanism.SCRAM_SHA_512,
        USER,
        Secret(kafka3.users[USER]),
        kafka3.ca_pem,
    )
    outcome = asyncio.run(
        run(kafka3, rate=RATE, until=lambda _: faults >= 3, fault=fault, topic=topic3, connection=secure)
    )
    assert outcome.accepted > 0
    assert outcome.passed, outcome
    assert outcome.told["not_idempotent"] == 0
