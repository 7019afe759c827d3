"""What no tracked file may hold: a registry's address, a private key, a path of somebody's machine."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.packaging.checkout import ROOT, files

# Written in parts, so that this file does not hold what it looks for.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
        ("proxy", "golang", "org"),
    )
)
OPTIONS = ("index" + "-url", "extra-index" + "-url", "trusted" + "-host", "PIP_INDEX" + "_URL")
KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\r?\n|\\n|[\s\"'+\\])+[A-Za-z0-9+/=]{32,}")
MACHINE_PATH = re.compile(rb"(?<![\w./}~-])/(?:home|Users|root|work)/[\w.-]+")


def configured_hosts() -> set[str]:
    """Name the registries that this very machine is set up to use."""
    addresses = [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_")) and "://" in value]
    return {host for address in addresses for part in address.split() if (host := urlsplit(part).hostname)}


def found(needles: list[bytes]) -> list[str]:
    pattern = re.compile(b"|".join(map(re.escape, needles)), re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}: {hit[0].decode()}" for path in files() if (hit := pattern.search(path.read_bytes()))
    ]


def test_no_registry_is_named() -> None:
    hosts = [host for host in (*HOSTS, *configured_hosts()) if host not in {"localhost", "127.0.0.1"}]
    assert found([word.encode() for word in (*hosts, *OPTIONS)]) == []


def test_no_path_of_a_machine_is_named() -> None:
    hits = [
        f"{path.relative_to(ROOT)}: {hit[0].decode()}"
        for path in files()
        if (hit := MACHINE_PATH.search(path.read_bytes()))
    ]
    assert hits == []
    here = [str(place) for place in (ROOT, Path.home()) if len(place.parts) > 2]
    assert not here or found([place.encode() for place in here]) == []


def test_no_private_key_is_kept() -> None:
    assert [str(path.relative_to(ROOT)) for path in files() if KEY.search(path.read_bytes())] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (KEY, b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIEvQ" * 8),
        (KEY, b'"-----BEGIN ' + b"RSA PRIVATE KEY-----\\n" + b"MIIEvQ" * 8),
        (MACHINE_PATH, b"see /ho" + b"me/ada/insights"),
        (MACHINE_PATH, b'"/wo' + b'rk/main"'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[bytes], text: bytes) -> None:
    assert pattern.search(text)


def test_generated_and_private_files_are_not_tracked() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    assert not [name for name in names if re.search(r"(^|/)(uv\.lock|\.env|.*\.(key|pem|p12|jks|db|log))$", name)]
