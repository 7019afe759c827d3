"""TLS as we offer it: verified always, 1.2 or newer."""

import ssl

from insights_tui.domain.connection import Connection, ConnectionType


def context_of(connection: Connection) -> ssl.SSLContext | None:
    """Make the TLS context of a connection; `None` for plaintext.

    Raises `ssl.SSLError` where the CA content cannot be read (validation has seen it before).
    """
    if connection.type is ConnectionType.PLAINTEXT:
        return None
    context = ssl.create_default_context(cadata=connection.ca_pem or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 switches on RFC 5280's letter, which home-made CAs without key identifiers fail although every
    # other Kafka client takes them. Chain, dates and host name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
