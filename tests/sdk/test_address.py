"""Where the agent is."""

import pytest

from insights_tui.sdk.address import Address, Names, address_of, read_address

LOCAL = ("http", "127.0.0.1", 9000)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:9000", Address(*LOCAL)),
        ("http://127.0.0.1:9000/", Address(*LOCAL)),
        ("http://agent", Address("http", "agent", 80)),
        ("https://agent/base/", Address("https", "agent", 443, "/base")),
        ("http://[::1]:9000", Address("http", "::1", 9000)),
        ("http://127.0.0.1:9000/t/secret", Address(*LOCAL, "/t/secret")),
        ("http://127.0.0.1:9000/as/a/b%20c/1.0", Address(*LOCAL, "", Names("a", "b c", "1.0"))),
        ("http://127.0.0.1:9000//t/x/as/a/b/1/", Address(*LOCAL, "/t/x", Names("a", "b", "1"))),
        ("http://127.0.0.1:9000/t/x/run/req-1", Address(*LOCAL, "/t/x", None, "/t/x/run/req-1")),
        ("http://127.0.0.1:9000/base/run/req-1", Address(*LOCAL, "/base", None, "/base/run/req-1")),
        ("unix:/run/agent.sock", Address("unix", "/run/agent.sock")),
        ("unix:///run/agent.sock", Address("unix", "/run/agent.sock")),
        ("none", Address("none")),
    ],
)
def test_an_address(text: str, address: Address) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:9000", "ftp://x", "http://", "unix:relative", "http://x:99999", "http://u:p@x", "http://x/a b", "http://x?q"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_address(text)


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({}, "127.0.0.1"),
        ({"ALGORITHMIA_API": "http://original"}, "original"),
        ({"ALGORITHMIA_API": "http://original", "INSIGHTS_URL": "http://ours"}, "ours"),
        ({"ALGORITHMIA_API": "http://original", "INSIGHTS_URL": " "}, "original"),
    ],
)
def test_which_variable_counts(environ: dict[str, str], host: str) -> None:
    assert address_of(environ).host == host


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ValueError, match=r"INSIGHTS_URL: .*write http://HOST:PORT"):
        address_of({"INSIGHTS_URL": "agent"})
