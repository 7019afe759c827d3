"""What OpenSSL makes of the certificates that `check_ca` lets through: the hints rest on this."""

import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from insights_tui.domain.certificate import check_ca
from tests.connection.pki import Made, make

PARTIAL_CHAINS = sys.version_info >= (3, 13)
"""Whether Python's default context accepts a chain that ends in a trusted certificate which is not self-signed."""


def handshake(server: Made, chain: tuple[Made, ...], trusted: str, folder: Path) -> None:
    """Shake hands in memory; raises `ssl.SSLError` as a real connection would."""
    keys = folder / "server.pem"
    keys.write_text(server.key_pem + server.pem + "".join(one.pem for one in chain))
    offering = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offering.load_cert_chain(keys)
    asking = ssl.create_default_context(cadata=trusted)
    asking.verify_flags &= ~ssl.VERIFY_X509_STRICT  # from 3.13 on: extensions that home-made CAs lack
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server, server_hostname="localhost")
    peer = offering.wrap_bio(to_server, to_client, server_side=True)
    pending = {client, peer}
    for _ in range(10):
        for side in (client, peer):
            if side in pending:
                try:
                    side.do_handshake()
                    pending.discard(side)
                except ssl.SSLWantReadError:
                    pass
        if not pending:
            return
    pytest.fail("the handshake does not come to an end")


def made(name: str, **more: object) -> Made:
    return make(name, now=datetime.now(UTC), **more)  # type: ignore[arg-type]  # passed through as they are


def checked(certificate: Made) -> tuple[str, list[str]]:
    read = check_ca(certificate.pem, now=datetime.now(UTC))
    return read.pem, [hint.code for hint in read.hints]


def test_a_root_is_trusted(tmp_path: Path) -> None:
    root = made("Root")
    pem, hints = checked(root)
    handshake(made("localhost", issuer=root, ca=False), (), pem, tmp_path)
    assert hints == []


def test_a_self_signed_server_is_trusted_as_it_stands(tmp_path: Path) -> None:
    server = made("localhost", ca=False)
    pem, hints = checked(server)
    handshake(server, (), pem, tmp_path)
    assert hints == []


@pytest.mark.parametrize("kind", ["leaf", "middle"])
def test_a_chain_without_its_root_is_trusted_by_some_pythons_only(tmp_path: Path, kind: str) -> None:
    root = made("Root")
    middle = made("Middle", issuer=root)
    server = made("localhost", issuer=middle, ca=False)
    pem, hints = checked(server if kind == "leaf" else middle)
    assert hints == ["ca_no_root"]
    if PARTIAL_CHAINS:
        handshake(server, (middle,), pem, tmp_path)
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(server, (middle,), pem, tmp_path)
