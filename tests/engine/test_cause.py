"""Why a connection could not be made: each step, each failure, in words."""

import asyncio
import socket
import ssl
from dataclasses import replace

import pytest
from aiokafka.errors import (
    IllegalSaslStateError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Code
from insights_tui.kafka.cause import NotABrokerError, NotKafkaError, Stage, StageError, of_stage
from insights_tui.kafka.verdict import Action, Peer
from tests.engine.test_classify import assert_reads_well, closed

PLAIN = Peer(Server("kafka-1", 9092), "insights")
SASL = Peer(Server("kafka-1", 9093), "insights", tls=True, mechanism="SCRAM-SHA-512", username="alice")
EOF = closed(asyncio.IncompleteReadError(b"", 4))


def certificate(code: int, text: str = "reason") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, text)
    error.verify_code, error.verify_message = code, text
    return error


ROWS: list[tuple[Stage, BaseException, Peer, Code, str]] = [
    ("dns", socket.gaierror(-2, "Name or service not known"), PLAIN, Code.NAME_NOT_RESOLVED, "cannot be resolved"),
    ("dns", UnicodeError("label too long"), PLAIN, Code.NAME_NOT_RESOLVED, "cannot be resolved"),
    ("dns", TimeoutError(), PLAIN, Code.NAME_NOT_RESOLVED, "cannot be resolved"),
    ("tcp", ConnectionRefusedError(111, "refused"), PLAIN, Code.KAFKA_UNREACHABLE, "Nothing listens"),
    ("tcp", TimeoutError(), PLAIN, Code.KAFKA_UNREACHABLE, "does not answer"),
    ("tcp", OSError(113, "No route to host"), PLAIN, Code.KAFKA_UNREACHABLE, "No route to host"),
    ("tls", certificate(10), SASL, Code.TLS_FAILED, "has expired"),
    ("tls", certificate(9), SASL, Code.TLS_FAILED, "not valid yet"),
    ("tls", certificate(62), SASL, Code.TLS_FAILED, "not for the name kafka-1"),
    ("tls", certificate(64), SASL, Code.TLS_FAILED, "not for the name kafka-1"),
    ("tls", certificate(19), SASL, Code.TLS_FAILED, "not trusted"),
    ("tls", certificate(20), SASL, Code.TLS_FAILED, "not trusted"),
    ("tls", certificate(99, "odd"), SASL, Code.TLS_FAILED, "odd"),
    ("tls", ssl.SSLError(1, "WRONG_VERSION_NUMBER"), SASL, Code.TLS_FAILED, "does not speak TLS"),
    ("tls", ssl.SSLError(1, "SSLV3_ALERT_HANDSHAKE_FAILURE"), SASL, Code.TLS_FAILED, "refuses the TLS handshake"),
    ("tls", ssl.SSLError(1, "TLSV1_ALERT_PROTOCOL_VERSION"), SASL, Code.TLS_FAILED, "no TLS of version 1.2"),
    ("tls", ssl.SSLError(1, "SSLV3_ALERT_BAD_CERTIFICATE"), SASL, Code.TLS_FAILED, "asks for a client certificate"),
    ("api", closed(ssl.SSLError(1, "TLSV13_ALERT_CERTIFICATE_REQUIRED")), SASL, Code.TLS_FAILED, "client certificate"),
    ("api", closed(NotKafkaError(0x5353482D)), PLAIN, Code.KAFKA_UNREACHABLE, "SSH server"),
    ("api", NotABrokerError("no records"), PLAIN, Code.KAFKA_UNREACHABLE, "is a controller"),
    ("api", closed(ValueError("garbage")), SASL, Code.KAFKA_UNREACHABLE, "not Kafka's protocol"),
    ("dns", ValueError("embedded null character"), PLAIN, Code.NAME_NOT_RESOLVED, "cannot be resolved"),
    ("dns", socket.gaierror(socket.EAI_AGAIN, "try again"), PLAIN, Code.NAME_NOT_RESOLVED, "DNS does not answer"),
    ("tls", ConnectionResetError(), SASL, Code.TLS_FAILED, "does not speak TLS"),
    ("tls", TimeoutError(), SASL, Code.KAFKA_UNREACHABLE, "does not answer to TLS"),
    ("api", EOF, PLAIN, Code.TLS_FAILED, "closes the connection at the first request"),
    ("api", EOF, SASL, Code.TLS_FAILED, "right after TLS"),
    ("api", TimeoutError(), PLAIN, Code.KAFKA_UNREACHABLE, "does not answer as Kafka"),
    ("api", closed(NotKafkaError(0x48545450)), PLAIN, Code.KAFKA_UNREACHABLE, "HTTP server"),
    ("api", closed(asyncio.IncompleteReadError(b"", 1213486160)), PLAIN, Code.KAFKA_UNREACHABLE, "HTTP server"),
    ("api", closed(NotKafkaError(0x15030300)), PLAIN, Code.TLS_FAILED, "speaks TLS"),
    ("api", closed(NotKafkaError(-5)), PLAIN, Code.KAFKA_UNREACHABLE, "not Kafka's protocol"),
    ("sasl", SaslAuthenticationFailed("Authentication failed"), SASL, Code.AUTH_FAILED, "login of alice"),
    ("sasl", UnsupportedSaslMechanismError("x"), SASL, Code.MECHANISM_REFUSED, "SCRAM-SHA-512"),
    ("sasl", IllegalSaslStateError("x"), SASL, Code.MECHANISM_REFUSED, "does not take a login"),
    ("sasl", IncompatibleBrokerVersion("SaslHandShakeRequest"), SASL, Code.MECHANISM_REFUSED, "does not take a login"),
    ("sasl", ValueError("Server sent wrong signature!"), SASL, Code.AUTH_FAILED, "could not prove"),
    ("sasl", TimeoutError(), SASL, Code.KAFKA_UNREACHABLE, "does not answer to the login"),
    ("sasl", EOF, SASL, Code.AUTH_FAILED, "closed the connection during the login"),
    ("metadata", EOF, PLAIN, Code.AUTH_FAILED, "wants a login"),
    ("metadata", EOF, SASL, Code.KAFKA_UNREACHABLE, "closed the connection"),
    ("metadata", TimeoutError(), PLAIN, Code.KAFKA_UNREACHABLE, "does not answer the question"),
    ("metadata", IncompatibleBrokerVersion("old"), PLAIN, Code.KAFKA_UNREACHABLE, "too old"),
    ("metadata", KafkaConnectionError("closed"), SASL, Code.KAFKA_UNREACHABLE, "closed the connection"),
]


@pytest.mark.parametrize(("stage", "error", "peer", "code", "words"), ROWS)
def test_a_step_that_failed(stage: Stage, error: BaseException, peer: Peer, code: Code, words: str) -> None:
    verdict = of_stage(StageError(stage, error), peer)
    assert verdict.action is Action.RETRY
    assert not verdict.in_doubt, "nothing was sent yet"
    assert verdict.trouble.code is code
    assert words in verdict.trouble.what
    assert "kafka-1" in verdict.trouble.what
    assert verdict.trouble.raw
    assert_reads_well(verdict.trouble)


@pytest.mark.parametrize(("stage", "error", "peer", "code", "words"), ROWS)
def test_the_same_step_at_a_member_names_the_broker(
    stage: Stage, error: BaseException, peer: Peer, code: Code, words: str
) -> None:
    trouble = of_stage(StageError(stage, error), replace(peer, node_id=7, listed=False)).trouble
    assert trouble.code is (Code.BROKER_UNREACHABLE if code is Code.KAFKA_UNREACHABLE else code)
    assert "broker 7" in trouble.what.lower()
    assert words in trouble.what
    assert_reads_well(trouble)
    if stage in ("dns", "tcp"):
        refused = isinstance(error, ConnectionRefusedError)
        first, *others = (trouble.act, *trouble.otherwise)
        assert ("is running" if refused else "advertised.listeners") in first
        assert "advertised.listeners" in " ".join((first, *others))


@pytest.mark.parametrize(("others_answer", "first"), [(False, "advertised.listeners"), (True, "is running")])
def test_a_member_that_refuses_on_this_machine_is_likely_another_one_unless_the_others_answer_here_too(
    others_answer: bool, first: str
) -> None:
    peer = replace(PLAIN, server=Server("127.0.0.1", 9092), node_id=7, listed=False)
    trouble = of_stage(StageError("tcp", ConnectionRefusedError()), peer, others_answer=others_answer).trouble
    assert first in trouble.act


def test_what_may_lock_an_account_is_tried_slowly_and_holds_the_whole_client() -> None:
    verdict = of_stage(StageError("sasl", SaslAuthenticationFailed("no")), SASL)
    assert (verdict.scope, verdict.pace, verdict.trouble.subject) == ("client", "slow", "alice")
