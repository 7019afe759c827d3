"""The bootstrap list as people type and paste it: every server read, every error with its repair."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import idna

from insights_tui.domain.connection import Server
from insights_tui.domain.refused import FieldError
from insights_tui.domain.text import counted, sanitize

FIELD = "broker_url"
MAX_SERVERS = 100
MAX_LENGTH = 16_384
"""Characters of the whole list."""
USUAL_PORT = 9092
_SEPARATORS = re.compile(r"[,;\s]+")
_SPACED_COLON = re.compile(r":[ \t]+(?=[0-9])")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+._-]*)://")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\Z")  # `_`: container names have it, Kafka takes it
_NUMERIC = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)\Z")
_ZONE = re.compile(r"[A-Za-z0-9._-]+\Z")


class ParsedServers(NamedTuple):
    """What a list says: the servers that hold, what is wrong, and what deserves a look."""

    servers: tuple[Server, ...]
    errors: tuple[FieldError, ...]
    hints: tuple[FieldError, ...]


class _BadServerError(Exception):
    """One entry that is no server: a code, what is wrong (half a sentence), and the entry as it may be meant."""

    def __init__(self, code: str, what: str, *, meant: str = "", advice: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.what = what
        self.meant = meant
        self.advice = advice


def parse_servers(text: str) -> ParsedServers:
    """Read `h1:9092, [::1]:9093`, split at commas, semicolons and white space; never raises.

    A server named twice counts once (a hint). Host names end up in lower-case ASCII (IDNA 2008), addresses in their
    shortest form.
    """
    if len(text) > MAX_LENGTH:
        return _refused(
            "servers_too_long", f"The list is longer than {MAX_LENGTH:,} characters.", "Name a few servers."
        )
    items = _items(text)
    if not items:
        return _refused("required", "At least one server is needed.", "Write host:port, for example kafka-1:9092.")
    if len(items) > MAX_SERVERS:
        return _refused(
            "too_many_servers",
            f"{len(items):,} servers are more than {MAX_SERVERS}.",
            "A few are enough: they tell of all the others.",
        )
    return _read(items, secretive="@" in text)


def _items(text: str) -> list[str]:
    """Split the list; `kafka-1 9092` stays one entry (with its space), so that positions count as people count."""
    items: list[str] = []
    for item in _SEPARATORS.split(_SPACED_COLON.sub(":", text)):
        if item and items and _is_port(item) and not set(items[-1]) & set(": "):
            items[-1] += f" {item}"
        elif item:
            items.append(item)
    return items


def _refused(code: str, message: str, hint: str) -> ParsedServers:
    return ParsedServers((), (FieldError(code, message, hint, FIELD),), ())


def _read(items: list[str], *, secretive: bool) -> ParsedServers:
    """Read each entry; `secretive` where a pasted `user:password@` may be among them: then nothing is quoted."""
    found: dict[int, Server] = {}
    bad: dict[int, _BadServerError] = {}
    for index, item in enumerate(items):
        try:
            found[index] = _server(item)
        except _BadServerError as error:
            bad[index] = error
    port = _usual_port(found.values())
    errors: list[FieldError] = []
    for index, wrong in bad.items():
        meant = "" if secretive else sanitize(wrong.meant.replace("PORT", str(port)), limit=80)
        what = wrong.what.split(": ")[0] if secretive else wrong.what
        errors.append(_error(wrong, what, meant, _where(index, len(items))))
    servers, doubled = _unique(found)
    hints = [
        FieldError("duplicate_server", f"{server} is there {counted(times, 'time')}; it counts once.", "", FIELD)
        for server, times in doubled.items()
    ]
    if not errors:
        hints += _advice(servers)
    return ParsedServers(servers, tuple(errors), tuple(hints))


def _error(error: _BadServerError, what: str, meant: str, where: str) -> FieldError:
    message = f"{where}{what}." if where else f"{what[0].upper()}{what[1:]}."
    hint = " ".join(part for part in (f"Did you mean {meant}?" if meant else "", error.advice) if part)
    return FieldError(error.code, message, hint or "Write host:port.", FIELD)


def _where(index: int, total: int) -> str:
    if total == 1:
        return ""
    number = index + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}: "


def _usual_port(servers: Iterable[Server]) -> int:
    ports = Counter(server.port for server in servers)
    return ports.most_common(1)[0][0] if ports else USUAL_PORT


def _unique(found: dict[int, Server]) -> tuple[tuple[Server, ...], dict[Server, int]]:
    times = Counter(found.values())
    return tuple(times), {server: count for server, count in times.items() if count > 1}


def _advice(servers: tuple[Server, ...]) -> list[FieldError]:
    hints = []
    if len(servers) == 1:
        hints.append(
            FieldError(
                "single_server",
                "One server only: while it is down, nothing else can be asked where the cluster is.",
                "Add a second one.",
                FIELD,
            )
        )
    for server in servers:
        if server.host in {"0.0.0.0", "::"}:  # noqa: S104 - read, not bound
            hints.append(
                FieldError(
                    "listen_address",
                    f"{server.host} is an address to listen on; from another host it leads nowhere.",
                    "Name the broker itself.",
                    FIELD,
                )
            )
        if server.port == 2181:
            hints.append(
                FieldError(
                    "zookeeper_port",
                    f"{server}: 2181 is usually ZooKeeper, which clients do not talk to.",
                    "Name a broker, often at port 9092 or 9093.",
                    FIELD,
                )
            )
    return hints


def _server(item: str) -> Server:
    """Read one entry; raises `_BadServerError`."""
    scheme = _SCHEME.match(item)
    if scheme:
        rest = item[scheme.end() :]
        raise _BadServerError(
            "server_scheme",
            f"a scheme does not belong here: {sanitize(scheme.group(), limit=24)}",
            meant=_tried(rest),
            advice="Encryption is chosen with the connection type.",
        )
    if "@" in item:
        raise _BadServerError("server_user", "a user name does not belong here", advice="It has a field of its own.")
    if " " in item:
        raise _BadServerError("server_colon_missing", "no colon before the port", meant=item.replace(" ", ":"))
    if "/" in item or "?" in item or "#" in item:
        raise _BadServerError("server_path", "a path does not belong here", meant=_tried(item))
    host, port = _split(item)
    return Server(_host(host), _port(port, host))


def _tried(text: str) -> str:
    """Give what is left of a pasted address as a server, where it is one."""
    rest = re.split(r"[/?#]", text, maxsplit=1)[0].rpartition("@")[2]
    try:
        return str(_server(rest))
    except _BadServerError as error:
        return error.meant


def _split(item: str) -> tuple[str, str]:
    if item.startswith("["):
        host, bracket, port = item[1:].partition("]")
        if not bracket:
            raise _BadServerError("server_bracket", "the bracket is not closed", advice="Write [address]:port.")
        if not _is_ipv6(host):
            what = f"no IPv6 address in the brackets: {sanitize(host, limit=60)!r}"
            raise _BadServerError("server_address", what, advice="Brackets are for IPv6 addresses only.")
        if port and not port.startswith(":"):
            raise _BadServerError("server_bracket", "something stands between the bracket and the port")
        return host, port[1:] if port else ""
    if "]" in item:
        raise _BadServerError("server_bracket", "the bracket is not opened", advice="Write [address]:port.")
    if item.count(":") > 1:
        raise _many_colons(item)
    host, _, port = item.partition(":")
    if not host or (not port and _is_port(host)):
        raise _BadServerError("server_host_missing", "no host", advice="Write host:port.")
    return host, port


def _many_colons(item: str) -> _BadServerError:
    host, _, port = item.rpartition(":")
    if _is_ipv6(host) and _is_port(port) and len(port) >= 4:  # `::1:9093` is an address too; nobody means that
        return _BadServerError("server_brackets", "an IPv6 address needs brackets", meant=f"[{host}]:{port}")
    if _is_ipv6(item):
        return _BadServerError("server_brackets", "an IPv6 address needs brackets and a port", meant=f"[{item}]:PORT")
    return _BadServerError("server_colons", "more than one colon", advice="Put a comma between two servers.")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65_535


def _port(text: str, host: str) -> int:
    shown = f"[{host}]" if ":" in host else host
    if not text:
        raise _BadServerError("server_port_missing", "no port", meant=f"{shown}:PORT")
    if _is_port(text):
        return int(text)
    if text.isascii() and text.isdigit():
        raise _BadServerError("server_port_range", f"a port is 1 to 65535: {text[:12]}")
    raise _BadServerError("server_port", f"the port is no number: {sanitize(text, limit=24)!r}")


def _is_ipv6(text: str) -> bool:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return address.scope_id is None or _ZONE.match(address.scope_id) is not None


def _host(text: str) -> str:
    """Give a host in ASCII: a name, or an address in its shortest form."""
    if ":" in text:
        return ipaddress.IPv6Address(text).compressed
    name = _ascii(text).lower()
    labels = name.removesuffix(".").split(".")
    if _NUMERIC.match(labels[-1]):  # such a name is read as an address by the resolver, octal and hex included
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            what = f"not an IPv4 address: {sanitize(text, limit=60)!r}"
            raise _BadServerError("server_address", what, advice="It has four numbers from 0 to 255.") from None
    if len(name.removesuffix(".")) > 253 or any(len(label) > 63 for label in labels):
        advice = "A label between two dots has 63 at most, the whole name 253."
        raise _BadServerError("server_host_long", "the host name is too long", advice=advice)
    if not all(labels):
        raise _BadServerError("server_host", "the host name has an empty part", advice="Look for two dots in a row.")
    if not all(_LABEL.match(label) for label in labels):
        what = f"not a host name: {sanitize(text, limit=60)!r}"
        raise _BadServerError("server_host", what, advice="It has letters, digits, - and dots.")
    return name


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except UnicodeError as error:  # `IDNAError` is one
        what = f"not a host name: {sanitize(text, limit=60)!r}"
        long = "too long" in str(error).lower()
        advice = "A label between two dots has 63 characters at most." if long else "A character in it is not allowed."
        raise _BadServerError("server_host_long" if long else "server_host", what, advice=advice) from None
