"""Certificates for the TLS listeners: one CA the clients trust, another that they do not, and servers gone wrong."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that signs server certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate a client is given to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def create(cls, name: str) -> "Authority":
        """Make a CA, valid for a year: nobody is to be warned that it expires."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 366 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    def server_pem(self, hosts: tuple[str, ...], days: float = 365, since: float = -20) -> bytes:
        """A server's private key, certificate and CA in one PEM, as Kafka's PEM keystore wants them.

        `hosts` are the names and addresses it is good for; a negative `days` makes one that has expired, a positive
        `since` one that is not valid yet.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since * _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private + certificate.public_bytes(serialization.Encoding.PEM) + self.pem


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files of one cluster's TLS listeners."""

    ca: Path
    """The CA that signed every server certificate."""
    other_ca: Path
    """A CA that signed none of them."""
    server: Path
    """Good: signed, in time, for `127.0.0.1` and `localhost`."""
    expired: Path
    not_yet: Path
    wrong_host: Path
    authority: Authority
    """Whose certificate `ca` is, to issue further ones."""


def write_certificates(folder: Path, names: Sequence[str] = ()) -> Certificates:
    """Make a fresh set of certificates in `folder`, the good one for further `names` too."""
    ca, other = Authority.create("insights-tui test CA"), Authority.create("some other CA")
    here = ("127.0.0.1", "localhost", "::1")
    contents = {
        "ca": ca.pem,
        "other_ca": other.pem,
        "server": ca.server_pem((*here, *names)),
        "expired": ca.server_pem(here, days=-2),
        "not_yet": ca.server_pem(here, since=2),
        "wrong_host": ca.server_pem(("kafka.elsewhere.test",)),
    }
    paths = {name: folder / f"{name}.pem" for name in contents}
    for name, content in contents.items():
        paths[name].touch(mode=0o600)
        paths[name].write_bytes(content)
    return Certificates(**paths, authority=ca)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
