"""Why TLS could not be agreed on: the certificate, or a port that does not speak TLS at all. Pure."""

import ssl
from datetime import datetime

from insights_tui.domain.text import date, date_time
from insights_tui.domain.trouble import About, Code
from insights_tui.kafka.server_certificate import ServerCertificate
from insights_tui.kafka.verdict import Peer, clip
from insights_tui.kafka.why import Known, Why, at

# OpenSSL's X509_V_ERR_*
_UNKNOWN_CA = {18, 19, 20, 21}  # self-signed, self-signed in chain, no issuer, no first certificate
_EXPIRED = 10
_NOT_YET_VALID = 9
_MISMATCH = {62, 64}  # hostname, IP address
# what Java's and OpenSSL's servers say to a client that shows no certificate (RFC 8446 §6.2, RFC 5246 §7.2.2)
_WANTS_CERTIFICATE = ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE")
_REFUSES = ("ALERT",)
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION")


def of_tls(cause: BaseException, peer: Peer, known: Known) -> Why:
    """Tell why the TLS handshake failed."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(cause, peer, known)
    if known.wants_certificate or wants_certificate(cause):
        return client_certificate(peer)
    if known.speaks is not None and known.speaks != "tls":
        return other_port(peer, known.speaks)
    if isinstance(cause, TimeoutError):
        return Why(
            Code.KAFKA_UNREACHABLE,  # a broker that hangs does this: no fault of the TLS settings
            f"{at(peer)} accepts connections and does not answer to TLS",
            "Check that the port is the one for SASL over TLS, and that the broker is not overloaded.",
            about=About.SERVERS,
        )
    if _reason(cause, _TOO_OLD):
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} speaks no TLS of version 1.2 or newer",
            "Enable TLSv1.2 or TLSv1.3 on the broker's listener (ssl.enabled.protocols).",
            slow=True,
        )
    if refuses(cause):  # then it does speak TLS; OpenSSL's servers say no more of a missing certificate
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} refuses the TLS handshake",
            "Check whether it asks for a client certificate, which is not supported.",
            slow=True,
            otherwise=("Look at its log, and which TLS versions and ciphers it offers.",),
            about=About.SERVERS,
        )
    if known.now is not None and not isinstance(cause, ssl.SSLError):  # looked at twice, and closed twice
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} breaks off the TLS handshake",
            "Check that this is the port of the broker's SASL_SSL listener.",
            otherwise=(
                "Check whether it asks for a client certificate, which is not supported.",
                "Look at a load balancer or proxy in between: it may have no broker behind it.",
            ),
            about=About.SERVERS,
        )
    return Why(
        Code.TLS_FAILED,
        f"{at(peer)} does not speak TLS on this port",
        "Use the port of the broker's SASL_SSL listener, or set the connection type to plaintext.",
        slow=isinstance(cause, ssl.SSLError),  # who just closes may be a proxy whose broker is about to come back
        about=About.SERVERS,
    )


def wants_certificate(cause: BaseException) -> bool:
    """Tell whether the server ended the handshake because it was shown no client certificate."""
    return _reason(cause, _WANTS_CERTIFICATE)


def refuses(cause: BaseException) -> bool:
    """Tell whether the server ended the handshake by an alert: then it does speak TLS."""
    return _reason(cause, _REFUSES)


def client_certificate(peer: Peer) -> Why:
    """Say that the server wants a client certificate."""
    return Why(
        Code.TLS_FAILED,
        f"{at(peer)} asks for a client certificate, which is not supported",
        "Use a listener that logs clients in by SASL alone (ssl.client.auth=none).",
        slow=True,
        otherwise=("Set ssl.client.auth of this listener to none or requested.",),
        about=About.SERVERS,
    )


def other_port(peer: Peer, speaks: str) -> Why:
    """Say that the port speaks another protocol than the connection does."""
    if speaks in ("kafka", "login"):
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} speaks plain Kafka on this port and does not speak TLS",
            "Use the port of the broker's SASL_SSL listener.",
            slow=True,
            otherwise=("Set the connection type to plaintext, if this cluster takes clients without a login.",),
            about=About.SERVERS,
        )
    if speaks == "tls":
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} speaks TLS, and this connection is plaintext",
            "Set the connection type to SASL over TLS, or use the port of the plaintext listener.",
            slow=True,
            about=About.TYPE,
        )
    name = {"http": "an HTTP server", "ssh": "an SSH server"}.get(speaks, "another kind of server")
    return Why(
        Code.KAFKA_UNREACHABLE,
        f"{at(peer)} is {name}, not Kafka",
        "Use the port of the Kafka listener.",
        slow=True,
        otherwise=("Check the host: it may not be the broker.",),
        about=About.SERVERS,
    )


def _reason(cause: BaseException, reasons: tuple[str, ...]) -> bool:
    if not isinstance(cause, ssl.SSLError):
        return False
    said = f"{getattr(cause, 'reason', '')} {cause}"  # the attribute is not always there
    return any(reason in said for reason in reasons)


def _certificate(cause: ssl.SSLCertVerificationError, peer: Peer, known: Known) -> Why:
    code, shown = cause.verify_code, known.certificate
    if code == _EXPIRED:
        return _expired(peer, shown, known.now)
    if code == _NOT_YET_VALID:
        return _early(peer, shown, known.now)
    whose = f"The certificate of {peer.name.rstrip(',')}"
    if code in _MISMATCH:
        return _mismatch(whose, peer, shown)
    if code in _UNKNOWN_CA:
        return _untrusted(whose, shown, known)
    return Why(
        Code.TLS_FAILED,
        f"{whose} cannot be verified ({clip(cause.verify_message)})",
        "Check the certificate and the CA certificate.",
        slow=True,
        about=About.CA,
    )


def _mismatch(whose: str, peer: Peer, shown: ServerCertificate | None) -> Why:
    what = f"{whose} is not for the name {peer.server.host}"
    act = "Use a name that is in the certificate, or add this one to its subject alternative names."
    if shown is None:
        return Why(Code.TLS_FAILED, what, act, slow=True, about=About.SERVERS)
    about: About | None = About.SERVERS
    use = f"Use a name that is in the certificate: {shown.shown_names}."
    if not shown.names:
        about = None
        use = "Have a certificate issued that names the broker: this one has no subject alternative names."
    elif peer.node_id is not None and not peer.listed:
        about = None
        use = f"Set advertised.listeners of broker {peer.node_id} to a name in its certificate: {shown.shown_names}."
    add = f"Add {peer.server.host} to the subject alternative names of the certificate."
    return Why(Code.TLS_FAILED, f"{what}: it is for {shown.shown_names}", use, slow=True, otherwise=(add,), about=about)


def _untrusted(whose: str, shown: ServerCertificate | None, known: Known) -> Why:
    who, act = "", "Give the connection the CA certificate that signed the broker's."
    if shown is not None:
        trusted = f"just {known.trusted}" if known.trusted else "this machine's own CAs"
        signer = "is signed by itself" if shown.self_signed else f"is signed by {shown.issuer}"
        who = f": it {signer}, and the connection trusts {trusted}"
        if not shown.self_signed:
            act = f"Give the connection the CA certificate {shown.issuer}."
            if shown.issuer == known.trusted:
                who = f": it names {shown.issuer} as its CA, like the one given, and was signed with another key"
                act = f"Give the connection the present certificate of the CA {shown.issuer}; it may have been renewed."
    return Why(
        Code.TLS_FAILED,
        f"{whose} comes from a CA that is not trusted here{who}",
        act,
        slow=True,
        otherwise=(
            "If you expected another CA, check that this is the right server: somebody may be in between.",
            "If a CA in between signed it, let the broker send the whole chain, or give the connection both.",
        )
        if shown is not None
        else (),
        about=About.CA,
    )


def _expired(peer: Peer, shown: ServerCertificate | None, now: datetime | None) -> Why:
    whose, when = f"The certificate of {peer.name.rstrip(',')}", ""
    act = "Renew the broker's certificate."
    about: About | None = None
    if shown is not None and now is not None:
        if shown.not_after > now:  # then it is not this one, but one above it
            whose = f"The CA certificate {shown.issuer} that signed {peer.name.rstrip(',')}'s"
            act = "Give the connection the CA's present certificate, and let the broker send a chain that is valid."
            about = About.CA
        else:
            when = f", on {date(shown.not_after)}"
    otherwise = _clock(now, "Should it still be valid")
    return Why(Code.TLS_FAILED, f"{whose} has expired{when}", act, slow=True, otherwise=otherwise, about=about)


def _early(peer: Peer, shown: ServerCertificate | None, now: datetime | None) -> Why:
    since = f", only from {date_time(shown.not_before)} on" if shown is not None and now is not None else ""
    return Why(
        Code.TLS_FAILED,
        f"The certificate of {peer.name.rstrip(',')} is not valid yet{since}",
        "Check the clocks of this machine and of whoever issued the certificate."
        if now is None
        else f"Check this machine's clock: it says {date_time(now)}.",
        slow=True,
        otherwise=() if now is None else ("Check the clock of whoever issued the certificate, and issue it again.",),
    )


def _clock(now: datetime | None, condition: str) -> tuple[str, ...]:
    return () if now is None else (f"{condition}, check this machine's clock: it says {date_time(now)}.",)
