"""Where the agent is: `http://HOST:PORT`, `https://…`, `unix:PATH`, with what the agent puts into a path."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

DEFAULT = "http://127.0.0.1:9000"
"""The address that the original's clients call when nothing is set, without a look-up of a name."""
OFF = "none"
VARIABLES = ("INSIGHTS_URL", "ALGORITHMIA_API")
_PORTS = {"http": 80, "https": 443}
_PATH = re.compile(r"(?P<token>/t/[^/]+)?(?:/as/(?P<names>[^/]+/[^/]+/[^/]+)|(?P<run>/run/[^/]+))?")
_MAX_TEXT = 256


class Names(NamedTuple):
    """The algorithm that an execution is of."""

    owner: str
    name: str
    version: str


class Address(NamedTuple):
    """An agent's address, read."""

    scheme: str
    """`http`, `https`, `unix` or `none`."""
    host: str = ""
    """For `unix` the path of the socket."""
    port: int = 0
    prefix: str = ""
    """What goes before `/v1/payloads`: a proxy's prefix, the ingest token."""
    names: Names | None = None
    """Of the algorithm, where the address holds `/as/OWNER/NAME/VERSION`."""
    run: str | None = None
    """Path of an execution that this process is a part of (`insights-tui run`), with the prefix."""


def read_address(text: str) -> Address:
    """Read an address; raises `ValueError` that says what is wrong."""
    if text == OFF:
        return Address(OFF)
    if text.startswith("unix:"):
        path = re.sub("^unix:(//)?", "", text)
        if not path.startswith("/"):
            raise ValueError(f"{text} names no socket: write unix:/path/to/agent.sock")
        return Address("unix", path)
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{text} is no address of an agent: write http://HOST:PORT, unix:PATH or none")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("the address may hold a host, a port and a path, nothing else")
    path = re.sub("/+", "/", parts.path).rstrip("/")
    own = next((found for found in _PATH.finditer(path) if found[0] and found.end() == len(path)), None)
    head = path[: own.start()] if own else path
    prefix = head + ((own and own["token"]) or "")
    if not re.fullmatch("[!-~]*", path):
        raise ValueError(f"{text}: the path must be percent-encoded")
    names = names_of(unquote(own["names"])) if own and own["names"] else None
    run = prefix + own["run"] if own and own["run"] else None
    return Address(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], prefix, names, run)


def address_of(environ: Mapping[str, str] = os.environ) -> Address:
    """Read the address that the environment gives; raises `ValueError` that names the variable."""
    for variable in VARIABLES:
        if text := environ.get(variable, "").strip():
            try:
                return read_address(text)
            except ValueError as error:
                raise ValueError(f"{variable}: {error}") from None
    return read_address(DEFAULT)


def names_of(text: str) -> Names:
    """Read `OWNER/NAME/VERSION`; raises `ValueError`."""
    parts = text.split("/")
    good = len(parts) == len(Names._fields) and all(
        part.strip() and len(part) <= _MAX_TEXT and part.isprintable() for part in parts
    )
    if not good:
        raise ValueError(f"{text[:_MAX_TEXT]!r} is not OWNER/NAME/VERSION, for example acme/credit_score/1.0.6")
    return Names(*parts)
