"""Why a login failed: the password, the mechanism, or a listener that takes none. Pure."""

from aiokafka.errors import (
    IllegalSaslStateError,
    IncompatibleBrokerVersion,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from insights_tui.domain.connection import Mechanism
from insights_tui.domain.text import sanitize
from insights_tui.domain.trouble import About, Code
from insights_tui.kafka.verdict import Peer
from insights_tui.kafka.why import Known, Why, at, silent

_NAMED = 8
"""Mechanisms of a server that are named."""


def mechanisms(known: Known) -> list[str]:
    """Name the mechanisms that a server offers."""
    return [sanitize(one, limit=40) for one in known.offered[:_NAMED]]


def wants_login(peer: Peer, known: Known) -> Why:
    """Say that a listener wants a login, and this connection has none."""
    wants = "closes the connection, as a listener does that wants a login"
    if known.speaks == "login":
        wants = f"wants a login ({' or '.join(mechanisms(known))})"
    return Why(
        Code.AUTH_FAILED,
        f"{at(peer)} {wants}",
        "Set the connection type to SASL over TLS and use the port of the SASL_SSL listener.",
        otherwise=("Use the port of a plaintext listener without logins, if the cluster has one.",),
        about=About.TYPE,
    )


def of_sasl(cause: BaseException, peer: Peer, known: Known) -> Why:
    """Tell why a login failed."""
    user = peer.username or ""
    if isinstance(cause, SaslAuthenticationFailed):
        return Why(
            Code.AUTH_FAILED,
            f"{at(peer)} refuses the login of {user}: the password is wrong, or there is no such user",
            "Check user name, password and mechanism, then edit the connection.",
            slow=True,
            otherwise=(f"Look whether the user has a password for {peer.mechanism}: each mechanism has its own.",),
            about=About.PASSWORD,
        )
    if isinstance(cause, UnsupportedSaslMechanismError):
        return _mechanism(peer, known)
    if isinstance(cause, IllegalSaslStateError | IncompatibleBrokerVersion):
        return Why(
            Code.MECHANISM_REFUSED,
            f"{at(peer)} does not take a login on this port",
            "Use the port of the broker's SASL_SSL listener.",
            slow=True,
            otherwise=("If the cluster wants no login, its listener must be plaintext: encryption comes with SASL.",),
            about=About.SERVERS,
        )
    if isinstance(cause, TimeoutError):
        return silent(peer, "to the login")
    if isinstance(cause, ValueError | AssertionError | KeyError):
        return Why(
            Code.AUTH_FAILED,
            f"{at(peer)} could not prove that it knows the password of {user}",
            "Check the servers: this may not be the cluster it claims to be; then check the password.",
            slow=True,
            about=About.SERVERS,
        )
    return Why(
        Code.AUTH_FAILED,
        f"{at(peer)} closed the connection during the login of {user}",
        "Check user name, password and mechanism; if they are right, look at the broker's log.",
        slow=True,
        about=About.PASSWORD,
    )


def _mechanism(peer: Peer, known: Known) -> Why:
    what = f"{at(peer)} does not offer the mechanism {peer.mechanism}"
    enable = f"Enable {peer.mechanism} on the broker's listener (sasl.enabled.mechanisms)."
    if not known.offered:
        act = "Choose another mechanism, or enable this one on the broker's listener."
        return Why(Code.MECHANISM_REFUSED, what, act, slow=True, about=About.MECHANISM)
    offered = mechanisms(known)
    ours = [one.value for one in Mechanism if one.value in known.offered and one.value != peer.mechanism]
    if ours:
        what += f", it offers {' and '.join(offered)}"
        act, about = f"Choose the mechanism {ours[0]}.", About.MECHANISM
        return Why(Code.MECHANISM_REFUSED, what, act, slow=True, otherwise=(enable,), about=about)
    what += f", only {' and '.join(offered)}, which this client does not speak"
    act = "Use a listener of the cluster that offers SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."
    return Why(Code.MECHANISM_REFUSED, what, act, slow=True, otherwise=(enable,), about=About.SERVERS)
