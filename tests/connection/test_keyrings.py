"""Passwords out of a keyring, and what is said where none comes out; none of it quotes a password."""

import sys
from collections.abc import Iterator

import click
import keyring
import pytest
from keyring import errors
from keyring.backend import KeyringBackend
from keyring.backends import fail

from insights_tui import keyrings
from insights_tui.cli.secret_source import read_secret
from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.local import resolve_password

MARKER = "marker-p4ssword"


class Memory(KeyringBackend):
    """A keyring that holds one password, or fails as it is told."""

    priority = 1.0
    error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.error is not None:
            raise self.error
        return MARKER if (service, username) == ("insights-tui", "kafka") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture
def memory() -> Iterator[Memory]:
    before, held = keyring.get_keyring(), Memory()  # type: ignore[no-untyped-call]  # as below
    keyring.set_keyring(held)
    yield held
    keyring.set_keyring(before)


def test_form_and_command_read_the_same(memory: Memory) -> None:
    assert memory.error is None
    assert resolve_password(Secret("keyring:kafka"), {}) == read_secret("keyring:kafka") == Secret(MARKER)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.KeyringLocked(MARKER), "The keyring is locked. Unlock it and try again, or use env:NAME or file:PATH."),
        (RuntimeError(MARKER), "The keyring cannot be read (RuntimeError). Look with `keyring diagnose`"),
        (errors.InitError(MARKER), "The keyring cannot be read (InitError)."),
    ],
)
def test_a_keyring_that_fails_is_told_without_its_words(memory: Memory, error: Exception, told: str) -> None:
    memory.error = error
    found = resolve_password(Secret("keyring:kafka"), {})
    assert isinstance(found, FieldError)
    assert (found.field, found.text[: len(told)], MARKER in found.text) == ("broker_password", told, False)
    with pytest.raises(click.UsageError) as refused:
        read_secret("keyring:kafka")
    assert told in str(refused.value)


def test_what_is_not_there_says_how_to_put_it_there(memory: Memory) -> None:
    assert memory.error is None
    with pytest.raises(keyrings.KeyringReadError, match="holds nothing under my kafka") as refused:
        keyrings.read("my kafka")
    assert refused.value.hint == "Put it there: keyring set insights-tui 'my kafka'"


@pytest.mark.usefixtures("memory")
def test_a_host_without_keyring_or_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # the library leaves this one untyped
    with pytest.raises(keyrings.KeyringReadError, match="This host has no keyring"):
        keyrings.read("kafka")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(keyrings.KeyringReadError, match="not installed") as refused:
        keyrings.read("kafka")
    assert "pip install keyring" in refused.value.hint
