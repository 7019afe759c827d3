"""Does this connection work? A client of its own, a question that creates nothing, and everything let go of."""

import asyncio
from dataclasses import dataclass

from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.trouble import About, Code, Trouble
from insights_tui.kafka.bootstrap import StartError
from insights_tui.kafka.cause import LoginHeldError
from insights_tui.kafka.classify import of_code, of_topic
from insights_tui.kafka.client import Client, Times
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.verdict import Peer


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """The topic as the cluster described it."""

    topic: str
    server: Server
    """The server that answered."""
    partitions: int
    led: int
    """Partitions that have a leader."""
    replicas: int
    """The fewest replicas of a partition."""
    brokers: tuple[Server, ...]
    """All members, as the cluster advertises them."""


class KafkaTroubleError(Exception):
    """The connection does not work; `trouble` says why and what to do."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.what)
        self.trouble = trouble


async def verify(connection: Connection, *, timeout_s: float, client_id: str = "insights-tui") -> TopicSeen:
    """Log in, ask for the topic without creating it, and reach at least one of its leaders.

    `timeout_s` bounds all of it. Raises `KafkaTroubleError`. Nothing is left behind, cancelled or not.
    """
    loop = asyncio.get_running_loop()
    # one step may take most of the time, but not all: the step that hangs must be known at the end
    times = Times(request_s=timeout_s * 0.8, connect_s=timeout_s * 0.6)
    gate = LoginGate(loop.time, base_s=2.0, cap_s=60.0)
    try:
        client = Client(connection, clock=SystemClock(), gate=gate, times=times, client_id=client_id)
    except (ValueError, OSError) as error:  # an SSLError is an OSError
        raise KafkaTroubleError(unusable(connection, error)) from error
    try:
        async with asyncio.timeout(timeout_s):
            return await _verify(client, connection)
    except StartError as error:
        raise KafkaTroubleError(error.verdict.trouble) from error
    except (TimeoutError, LoginHeldError) as error:
        raise KafkaTroubleError(no_answer(connection, timeout_s)) from error
    finally:
        await client.shut()


def no_answer(connection: Connection, seconds: float) -> Trouble:
    """Say that no server has answered in time."""
    return Trouble(
        Code.KAFKA_UNREACHABLE,
        connection.bootstrap,
        f"{connection.bootstrap} did not answer within {seconds:g} s.",
        "Check the addresses, firewalls and the network between this machine and the servers.",
    )


def unusable(connection: Connection, error: Exception) -> Trouble:
    """Say that the connection cannot even be tried."""
    return Trouble(
        Code.TLS_FAILED if isinstance(error, OSError) else Code.KAFKA_UNREACHABLE,
        connection.bootstrap,
        "The settings of the connection cannot be used.",
        "Enter the connection again: the CA certificate, the servers, the mechanism.",
        f"{type(error).__name__}: {error}"[:500],
        about=About.CA if isinstance(error, OSError) else About.SERVERS,
    )


async def _verify(client: Client, connection: Connection) -> TopicSeen:
    view = await client.bootstrap()
    peer = Peer(view.server, connection.topic, username=connection.username)
    if view.topic_error:
        raise KafkaTroubleError(of_topic(view.topic_error, peer).trouble)
    leaders = [client.nodes[part.leader] for part in view.partitions.values() if part.leader in client.nodes]
    if not leaders:
        raise KafkaTroubleError(of_code(5, peer).trouble)
    nodes = list({node.id: node for node in leaders}.values())
    if not any(client.connected(node.id) for node in nodes):
        dials = [asyncio.create_task(client.connect(node)) for node in nodes]
        try:
            for dial in asyncio.as_completed(dials):
                if await dial:
                    break
            else:
                trouble = next((node.trouble for node in nodes if node.trouble), None)
                raise KafkaTroubleError(trouble or no_answer(connection, 0))
        finally:
            for dial in dials:
                dial.cancel()
            await asyncio.gather(*dials, return_exceptions=True)
    return TopicSeen(
        connection.topic,
        view.server,
        len(view.partitions),
        sum(part.leader is not None for part in view.partitions.values()),
        min(part.replicas for part in view.partitions.values()),
        tuple(view.brokers.values()),
    )
