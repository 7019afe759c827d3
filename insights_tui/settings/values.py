"""How a setting's value is read: each function takes what stands there and raises `ValueError` in plain words."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from insights_tui.domain.connection import Secret

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(|B|[KMGT]i?B?)\Z", re.IGNORECASE)
_UNITS = {"": 1, "b": 1} | {
    letter + rest: base**power
    for power, letter in enumerate("kmgt", 1)
    for rest, base in (("", 1024), ("b", 1000), ("i", 1024), ("ib", 1024))
}
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")


class Listen(NamedTuple):
    """Where to listen."""

    host: str
    port: int
    """0 picks a free one."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def listen(value: object) -> object:
    """Read `host:port`, `[::1]:port` or `none`."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.lower() == "none":
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or len(port) > 5 or int(port) > 65_535:
        raise ValueError("is no address. Write host:port, for example 127.0.0.1:9000, or none.")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("is an IPv6 address without brackets. Write [::1]:9000.")
    if host != "localhost":
        try:
            host = str(ipaddress.ip_address(host))
        except ValueError:
            raise ValueError("is no address of this host. Write an IP address or localhost, then :port.") from None
    return Listen(host, int(port))


def path(value: object) -> object:
    """Read a path; `~` is the home directory, and it ends up absolute."""
    if isinstance(value, str):
        if not value.strip() or "\0" in value:
            raise ValueError("is no path.")
        value = Path(value)
    return value.expanduser().absolute() if isinstance(value, Path) else value


def size(value: object) -> object:
    """Read a size: bytes, or with a unit (`2 GiB`)."""
    if isinstance(value, str):
        found = _SIZE.match(value.strip())
        if found is None:
            raise ValueError("is no size. Write bytes, or a unit: 512 MiB.")
        return int(float(found[1]) * _UNITS[found[2].lower()])
    return value


def switch(value: object) -> object:
    """Read `on` or `off`; TOML's `true` and `false` mean the same."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.strip().lower() if isinstance(value, str) else value


def words(value: object) -> object:
    """Read a list: TOML's, or separated by commas."""
    if isinstance(value, str):
        return tuple(word for word in (part.strip() for part in value.split(",")) if word)
    return tuple(value) if isinstance(value, list) else value


def lower(value: object) -> object:
    """Read a word in whatever case."""
    return value.strip().lower() if isinstance(value, str) else value


def name(value: object) -> object:
    """Read a part of an algorithm's name, as it stands in `/as/{owner}/{name}/{version}`."""
    if isinstance(value, str) and not _NAME.match(value):
        raise ValueError("is no name. Use letters, digits, . _ and -, 128 at most.")
    return value


def label(value: object) -> object:
    """Read a short text for people."""
    if isinstance(value, str) and (not value.strip() or not value.isprintable() or len(value) > 64):
        raise ValueError("is no name. Use 1 to 64 printable characters.")
    return value


def secret(value: object) -> object:
    """Take a text that never shows itself."""
    if isinstance(value, str):
        return Secret(value)
    if not isinstance(value, Secret):
        raise ValueError("is no text. Put it in quotes.")  # noqa: TRY004 - pydantic turns ValueError into its own
    return value


def keymap(value: object) -> object:
    """Read keys by the ids of acts: a table, dotted or quoted, or `insights.freeze=f,app.quit=Q`."""
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(name.strip() and key.strip() for name, _, key in pairs):
            raise ValueError("is no list of keys. Write insights.freeze=f,app.quit=Q.")
        return {name.strip(): key.strip() for name, _, key in pairs}
    return dict(_dotted(value)) if isinstance(value, dict) else value


def _dotted(table: Mapping[object, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
