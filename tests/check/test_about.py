"""Which setting of the connection mends a cause, so that the form leads there whatever the words are."""

import asyncio
import socket
import ssl

import pytest
from aiokafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import About
from insights_tui.kafka.cause import NotKafkaError, Stage, StageError, of_stage
from insights_tui.kafka.check.topic import no_write, trouble_of
from insights_tui.kafka.verdict import Peer
from insights_tui.kafka.view import PartitionView, View
from insights_tui.kafka.why import Known

AT = Server("kafka-1", 9093)
TLS = Peer(AT, "insights", tls=True, mechanism="PLAIN", username="alice")
PLAIN = Peer(AT, "insights")
MEMBER = Peer(AT, "insights", node_id=2, listed=False)


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "said"
    return error


CLOSED = asyncio.IncompleteReadError(b"", 4)
CAUSES: list[tuple[Stage, BaseException, Peer, Known, About | None]] = [
    ("dns", socket.gaierror(socket.EAI_NONAME, "unknown"), PLAIN, Known(), About.SERVERS),
    ("tcp", ConnectionRefusedError(), PLAIN, Known(), About.SERVERS),
    ("tcp", TimeoutError(), PLAIN, Known(), About.SERVERS),
    ("tcp", ConnectionRefusedError(), MEMBER, Known(), None),
    ("tls", unverified(19), TLS, Known(), About.CA),
    ("tls", unverified(62), TLS, Known(), About.SERVERS),
    ("tls", unverified(10), TLS, Known(), None),
    ("tls", CLOSED, TLS, Known(wants_certificate=True), About.SERVERS),
    ("tls", CLOSED, TLS, Known(speaks="kafka"), About.SERVERS),
    ("api", CLOSED, PLAIN, Known(speaks="tls"), About.TYPE),
    ("api", CLOSED, PLAIN, Known(), About.TYPE),
    ("api", NotKafkaError(0x48545450), PLAIN, Known(), About.SERVERS),
    ("sasl", SaslAuthenticationFailed(), TLS, Known(), About.PASSWORD),
    ("sasl", UnsupportedSaslMechanismError(), TLS, Known(), About.MECHANISM),
    ("sasl", UnsupportedSaslMechanismError(), TLS, Known(offered=("SCRAM-SHA-512",)), About.MECHANISM),
    ("sasl", UnsupportedSaslMechanismError(), TLS, Known(offered=("GSSAPI",)), About.SERVERS),
    ("sasl", IllegalSaslStateError(), TLS, Known(), About.SERVERS),
    ("sasl", TimeoutError(), TLS, Known(), None),
    ("metadata", CLOSED, PLAIN, Known(), About.TYPE),
    ("metadata", TimeoutError(), TLS, Known(), None),
]


@pytest.mark.parametrize(("stage", "error", "peer", "known", "about"), CAUSES)
def test_of_a_step_of_connecting(
    stage: Stage, error: BaseException, peer: Peer, known: Known, about: About | None
) -> None:
    assert of_stage(StageError(stage, error), peer, known).trouble.about is about


@pytest.mark.parametrize(("code", "about"), [(3, About.TOPIC), (17, About.TOPIC), (29, About.TOPIC), (-1, None)])
def test_of_the_topic(code: int, about: About | None) -> None:
    trouble = trouble_of(View(AT, topic_error=code), TLS)
    assert trouble is not None
    assert trouble.about is about


def test_of_a_topic_that_is_seen() -> None:
    assert no_write(TLS).about is About.USERNAME
    led_by_nobody = trouble_of(View(AT, partitions={0: PartitionView(None, 1)}), TLS)
    assert led_by_nobody is not None
    assert led_by_nobody.about is None
