"""The CA certificate as people paste it: read, checked, and brought into one plain form."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import CaSummary
from insights_tui.domain.text import counted, date, duration, sanitize

FIELD = "ca_certificate"
MAX_LENGTH = 1_048_576
"""Characters of the PEM text (1 MiB)."""
MAX_CERTIFICATES = 500
"""More than a system's whole trust store; reading them takes about 25 ms."""
EXPIRES_SOON = timedelta(days=30)
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,64})-----")
_END = "-----END CERTIFICATE-----"
_ESCAPED_BREAK = re.compile(r"\\r|\\n")  # a PEM that came through JSON or an environment variable
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")


@dataclass(frozen=True, slots=True)
class ReadCa:
    """A CA certificate, or a bundle of them, that holds."""

    summary: CaSummary
    pem: str
    """The certificates alone, without what stood around them."""
    hints: tuple[FieldError, ...] = ()


def read_ca(pem: str, *, now: datetime) -> CaSummary:
    """Say what a CA certificate says of itself; raises `RefusedError` where it cannot be one."""
    return check_ca(pem, now=now).summary


def check_ca(pem: str, *, now: datetime) -> ReadCa:
    """Read PEM text with one or several certificates; raises `RefusedError` with the repair.

    A BOM, CRLF, text around the certificates and lost line breaks are forgiven; a private key, anything else that is
    no certificate, and a bundle without one valid certificate are refused. Nothing of the text is ever echoed.
    """
    if len(pem) > MAX_LENGTH:
        _refuse("ca_too_large", "The CA certificate is longer than 1 MiB.", "Paste the certificates of your CA only.")
    if "PRIVATE KEY-----" in pem:
        _refuse(
            "ca_private_key",
            "This holds a private key. It was neither saved nor passed on.",
            "Paste the CA's certificate only. If others could see this key, replace it.",
        )
    certificates = _certificates(pem)
    valid = _valid(certificates, now)
    if not valid:
        _refuse_by_date(certificates, now)
    summary = _summary(certificates, valid)
    text = "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in certificates)
    return ReadCa(summary, text, _hints(certificates, valid, summary, now))


def describe_ca(pem: str, *, now: datetime) -> CaSummary | None:
    """Say what a CA certificate says of itself, expired or not; `None` where it cannot be read.

    For one that was checked when it was saved: what is stored is shown as it is.
    """
    try:
        certificates = _certificates(pem)
    except RefusedError:
        return None
    return _summary(certificates, _valid(certificates, now))


def _valid(certificates: list[x509.Certificate], now: datetime) -> list[x509.Certificate]:
    return [one for one in certificates if one.not_valid_before_utc <= now < one.not_valid_after_utc]


def _summary(certificates: list[x509.Certificate], valid: list[x509.Certificate]) -> CaSummary:
    first = min(valid or certificates, key=lambda one: one.not_valid_after_utc)
    return CaSummary(
        subject=_name(first),
        sha256=first.fingerprint(hashes.SHA256()).hex(),
        expires=first.not_valid_after_utc,
        count=len(certificates),
    )


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise RefusedError((FieldError(code, message, hint, FIELD),)) from None


def _certificates(pem: str) -> list[x509.Certificate]:
    text = _ESCAPED_BREAK.sub("\n", pem)
    begins = list(_BEGIN.finditer(text))
    strange = next((begin[1] for begin in begins if begin[1] != "CERTIFICATE"), None)
    if strange is not None:
        message = f"This holds something else than certificates: {strange}."
        _refuse("ca_not_a_certificate", message, _conversion(strange))
    if not begins:
        _refuse("ca_not_pem", *_why_not_pem(text))
    bodies = []
    for begin, limit in zip(begins, [*(after.start() for after in begins[1:]), len(text)], strict=True):
        end = text.find(_END, begin.end(), limit)
        if end < 0:
            _refuse("ca_cut", "A certificate has a BEGIN line and no END line.", "Paste all of it again.")
        bodies.append(text[begin.end() : end])
    if len(bodies) > MAX_CERTIFICATES:
        message = f"{len(bodies):,} certificates are more than {MAX_CERTIFICATES}."
        _refuse("ca_too_many", message, "Paste those of your CA only.")
    found: dict[bytes, x509.Certificate] = {}
    for number, body in enumerate(bodies, 1):
        base64 = "".join(body.split())
        armoured = f"-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n"
        try:
            one = x509.load_pem_x509_certificate(armoured.encode("ascii", "replace"))
            found[one.fingerprint(hashes.SHA256())] = one
        except (ValueError, UnsupportedAlgorithm):
            which = "The certificate" if len(bodies) == 1 else f"Certificate {number} of {len(bodies)}"
            _refuse("ca_unreadable", f"{which} cannot be read.", "It may be cut off or altered: paste all of it again.")
    return list(found.values())


def _conversion(label: str) -> str:
    if label == "PKCS7":
        return "Take the certificates out of it: openssl pkcs7 -print_certs -in FILE."
    if label == "TRUSTED CERTIFICATE":
        return "Convert it: openssl x509 -in FILE."
    if label.endswith("CERTIFICATE REQUEST"):
        return "A request is not yet a certificate: ask for the certificate of the CA that signs."
    return "Paste the CA's certificates only."


def _why_not_pem(text: str) -> tuple[str, str]:
    """Tell what stands there instead of PEM, and what to do."""
    plain = text.lstrip("\ufeff \t\r\n")
    if plain.startswith("0\x82") or "\x00" in plain or "\ufffd" in plain:
        return "This is no PEM text; it looks like DER.", "Convert it: openssl x509 -inform der -in FILE."
    if plain.startswith("MII") and _BASE64.match("".join(plain.split())):
        return (
            "The BEGIN and END lines are missing.",
            "Paste from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
        )
    if len(plain) < 1024 and plain.count("\n") <= 1 and plain.strip().lower().endswith((".pem", ".crt", ".cer", ".ca")):
        return "This is the name of a file, not a certificate.", "Paste what is in it."
    return "There is no certificate in this text.", "Paste PEM, from -----BEGIN CERTIFICATE----- on."


def _refuse_by_date(certificates: list[x509.Certificate], now: datetime) -> NoReturn:
    early = [one for one in certificates if one.not_valid_before_utc > now]
    if early:
        first = min(early, key=lambda one: one.not_valid_before_utc)
        _refuse(
            "ca_not_yet_valid",
            f"{_name(first)} is valid from {date(first.not_valid_before_utc)} on, not yet.",
            "Look at this host's clock, or wait until then.",
        )
    last = max(certificates, key=lambda one: one.not_valid_after_utc)
    _refuse(
        "ca_expired",
        f"{_name(last)} expired on {date(last.not_valid_after_utc)}.",
        "Ask who runs the cluster for the current CA certificate.",
    )


def _hints(
    certificates: list[x509.Certificate], valid: list[x509.Certificate], summary: CaSummary, now: datetime
) -> tuple[FieldError, ...]:
    hints = []
    if len(valid) < len(certificates):
        useless = counted(len(certificates) - len(valid), "certificate")
        hints.append(
            FieldError("ca_partly_expired", f"{useless} of the bundle is not valid today.", "Leave it out.", FIELD)
        )
    if summary.expires - now < EXPIRES_SOON:
        left = duration((summary.expires - now).total_seconds())
        message = f"{summary.subject} expires in {left}."
        hints.append(FieldError("certificate_expiring", message, "Ask for its successor in time.", FIELD))
    # OpenSSL takes any certificate that it was given as the end of a chain when it is self-signed. One that is not
    # ends a chain only from Python 3.13 on (VERIFY_X509_PARTIAL_CHAIN): tests/connection/test_openssl.py.
    if not any(one.issuer == one.subject for one in valid):
        if any(_is_ca(one) for one in valid):
            message = "There is no root among the certificates, just what a root has signed."
            hint = "Add the root CA, or TLS may fail."
        else:
            message = f"{_name(valid[0])} is no CA certificate, it looks like a server's own."
            hint = "Paste the certificate of the CA that signed it, or TLS may fail."
        hints.append(FieldError("ca_no_root", message, hint, FIELD))
    return tuple(hints)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _name(certificate: x509.Certificate) -> str:
    """Give the name people know a certificate by."""
    try:
        subject = certificate.subject
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME):
            for attribute in subject.get_attributes_for_oid(oid):
                value = attribute.value
                return sanitize(value if isinstance(value, str) else value.decode("utf-8", "replace"), limit=100)
        return sanitize(subject.rfc4514_string(), limit=100) or "A certificate without a name"
    except ValueError:
        return "A certificate with an unreadable name"
