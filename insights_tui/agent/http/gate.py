"""Who may ask for what: Host and tokens. Pure decisions."""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError

_KEPT = 256


class ShutError(Exception):
    """The gate is shut, with the status and the reason to answer."""

    def __init__(self, status: int, error: FieldError) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error


@dataclass(slots=True)
class Gate:
    """Guards one listener."""

    public: bool = True
    """TCP: Host and tokens are checked. A Unix socket is guarded by its file's permissions."""
    token: Secret | None = None
    """For control calls; without one they are refused."""
    ingest_token: Secret | None = None
    """For ingest; without one it is open."""
    allowed_hosts: Sequence[str] = ()
    known: set[bytes | None] = field(default_factory=set)
    """Host headers that have passed, as they came: the hot path looks no further."""

    def __post_init__(self) -> None:
        if not self.public:
            self.known.add(None)

    def check_host(self, hosts: list[bytes]) -> None:
        """Refuse a Host that a web page could have chosen (DNS rebinding); raises `ShutError`."""
        if not self.public:
            return
        if len(hosts) != 1:
            raise ShutError(400, FieldError("bad_host", "A request needs one Host header.", "Send Host: localhost."))
        if not _allowed(hosts[0], self.allowed_hosts):
            shown = hosts[0][:100].decode("ascii", "backslashreplace")
            message = f"Host {shown!r} is neither loopback nor allowed."
            hint = "Call 127.0.0.1 or localhost, or add the name to INSIGHTS_ALLOWED_HOSTS."
            raise ShutError(421, FieldError("host_not_allowed", message, hint))
        if len(self.known) < _KEPT:
            self.known.add(hosts[0])

    def check_ingest(self, token: bytes | None) -> None:
        """Ask for the ingest token in the path; raises `ShutError`."""
        if not self.public or self.ingest_token is None:
            return
        if token is None or not _same(token, self.ingest_token):
            message = "Ingest needs its token." if token is None else "The ingest token is wrong."
            hint = "Put it into the address: ALGORITHMIA_API=http://HOST:PORT/t/TOKEN."
            raise ShutError(401, FieldError("unauthorized", message, hint))

    def check_control(self, authorization: bytes | None) -> None:
        """Ask for the control token in the header; raises `ShutError`."""
        if not self.public:
            return
        if self.token is None:
            message = "Control calls over TCP are turned off: no token is configured."
            hint = "Use the agent's Unix socket, or set INSIGHTS_TOKEN_FILE."
            raise ShutError(403, FieldError("forbidden", message, hint))
        given = (authorization or b"").strip()
        scheme, _, rest = given.partition(b" ")
        # The original's clients send the bare token, or "Simple TOKEN".
        if scheme.lower() in {b"bearer", b"simple"} and rest:
            given = rest.strip()
        if not _same(given, self.token):
            message = "Control calls over TCP need a token." if not given else "The token is wrong."
            raise ShutError(401, FieldError("unauthorized", message, "Send Authorization: Bearer TOKEN."))


def _same(given: bytes, secret: Secret) -> bool:
    expected = secret.reveal().encode()
    return bool(expected) and hmac.compare_digest(given, expected)


def _allowed(host: bytes, allowed: Sequence[str]) -> bool:
    try:
        text = host.decode("ascii").lower()
    except UnicodeDecodeError:
        return False
    name, _ = split_host(text)
    if name is None:
        return False
    if name == "localhost" or any(
        text == entry.lower() or (name if ":" not in name else f"[{name}]") == entry.lower() or name == entry.lower()
        for entry in allowed
    ):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_host(text: str) -> tuple[str | None, int | None]:
    """Split `host`, `host:port`, `[v6]` or `[v6]:port`; the host is `None` where it is none of them."""
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        if not closed or ":" not in name or (rest and not rest.startswith(":")):
            return None, None
        port = rest[1:]
    else:
        name, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        return None, None
    return name or None, int(port) if port else None
