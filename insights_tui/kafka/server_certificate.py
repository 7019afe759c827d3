"""A server's certificate as it says of itself, trusted or not."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from insights_tui.domain.text import sanitize

_NAME = 100
"""Characters of a name that are kept."""
_NAMES = 50
"""Names of one certificate that are kept."""
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Sanitised and bounded: it may come from anybody."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """The names and addresses that it is for."""
    not_before: datetime
    not_after: datetime
    self_signed: bool
    sha256: str

    @property
    def shown_names(self) -> str:
        """Write the names for a sentence."""
        if not self.names:
            return "no name at all"
        more = len(self.names) - _SHOWN
        return ", ".join(self.names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def read_certificate(der: bytes | None) -> ServerCertificate | None:
    """Read a certificate; `None` where it cannot be read."""
    if not der:
        return None
    try:
        certificate = x509.load_der_x509_certificate(der)
        return ServerCertificate(
            subject=_name(certificate.subject),
            issuer=_name(certificate.issuer),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            self_signed=certificate.issuer == certificate.subject,
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        )
    except Exception:  # noqa: BLE001 - foreign bytes: whatever is wrong with them, nothing can be told of them
        return None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    with contextlib.suppress(x509.ExtensionNotFound):
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(one.value) for one in found if isinstance(one, x509.DNSName | x509.IPAddress)]
        return tuple(sanitize(name, limit=_NAME) for name in names[:_NAMES])
    return ()


def _name(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            value = attribute.value
            return sanitize(value if isinstance(value, str) else value.decode("utf-8", "replace"), limit=_NAME)
    return sanitize(name.rfc4514_string(), limit=_NAME) or "a nameless issuer"
