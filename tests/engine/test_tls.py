"""TLS: what is verified does not depend on the version of Python."""

import ssl

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.kafka.tls import context_of


def _connection(kind: ConnectionType) -> Connection:
    return Connection(
        topic="insights",
        servers=(Server("localhost", 9094),),
        type=kind,
        mechanism=Mechanism.SCRAM_SHA_256,
        username="u",
        password=Secret("p"),
    )


def test_chain_and_host_name_are_verified_and_old_tls_is_refused() -> None:
    context = context_of(_connection(ConnectionType.SASL_SSL))
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_home_made_ca_is_judged_alike_by_every_python() -> None:
    context = context_of(_connection(ConnectionType.SASL_SSL))
    assert context is not None
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_plaintext_has_no_context() -> None:
    assert context_of(_connection(ConnectionType.PLAINTEXT)) is None
