"""The stored connection: what is saved is read again, and nobody else may read it."""

import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_tui.agent.store import ConnectionStore, prepare_state_dir
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.validate import check
from tests.connection.pki import NOW
from tests.connection.stored import CA, CONNECTION, MARKER, PLAINTEXT, files, reloaded, save


def test_nothing_is_stored_at_first(state: Path) -> None:
    assert reloaded(state) == (None, [])


@pytest.mark.parametrize("connection", [CONNECTION, PLAINTEXT, replace(CONNECTION, ca_pem=None)])
def test_what_is_saved_is_read_again(state: Path, connection: Connection) -> None:
    stored = save(ConnectionStore(state), connection)
    assert reloaded(state) == (stored, [])
    assert (stored.revision, stored.connection, stored.changed_at, stored.changed_by) == (1, connection, NOW, "alice")
    assert stored.password_source == "stored"


def test_an_edit_keeps_the_id_and_counts_a_deletion_starts_anew(state: Path) -> None:
    store = ConnectionStore(state)
    first, second = save(store), save(store, PLAINTEXT)
    assert (second.id, second.revision) == (first.id, 2)
    assert store.delete(changed_at=NOW, changed_by="bob") is True
    assert reloaded(state) == (None, [])
    again = ConnectionStore(state)
    again.load()
    assert again.delete() is False
    third = save(again)
    assert third.id != first.id
    assert third.revision == 4


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_nobody_else_may_read_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        state = tmp_path / "state"
        prepare_state_dir(state)
        save(ConnectionStore(state))
    finally:
        os.umask(before)
    modes = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {
        "state": 0o700,
        "state/connection.json": 0o600,
        "state/secrets": 0o700,
        "state/secrets/connection-1.json": 0o600,
    }


def test_the_password_is_in_the_secrets_file_and_nowhere_else(state: Path) -> None:
    store = ConnectionStore(state)
    stored = save(store)
    save(store, replace(CONNECTION, topic="two"))
    holding = [name for name in files(state) if MARKER in (state / name).read_text()]
    assert holding == ["secrets/connection-1.json", "secrets/connection-2.json"]
    shown = repr((stored, store.view(stored), store.saved(stored), vars(store)))
    assert MARKER not in shown
    store.delete()
    assert not any(MARKER in (state / name).read_text() for name in files(state))


def test_the_views_tell_all_but_the_password(state: Path) -> None:
    stored = save(ConnectionStore(state))
    view = ConnectionStore.view(stored)
    assert view.bootstrap_servers == ("h1:9093", "[::1]:9093")
    assert (view.connection_type, view.sasl_mechanism, view.username) == ("kafka_sasl_ssl", "SCRAM-SHA-512", "user")
    assert view.ca is not None
    assert (view.ca.subject, view.password_source) == ("Acme Root CA", "stored")
    saved = ConnectionStore.saved(stored)
    assert (saved.id, saved.broker_url, saved.ca_certificate) == (stored.id, "h1:9093,[::1]:9093", CA)
    assert ConnectionStore.view(save(ConnectionStore(state), PLAINTEXT)).password_source is None


hosts = st.one_of(
    st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True), st.ip_addresses(v=6).map("[{}]".format)
)


typed = st.text(min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        ConnectionForm,
        topic=st.from_regex(r"[a-zA-Z0-9_-]{1,30}", fullmatch=True),
        broker_url=st.lists(st.builds("{}:{}".format, hosts, st.integers(1, 65_535)), min_size=1).map(",".join),
        connection_type=st.sampled_from(list(ConnectionType)).map(str),
        sasl_mechanism=st.one_of(st.none(), st.sampled_from(list(Mechanism)).map(str)),
        broker_username=typed,
        broker_password=typed.map(Secret),
        ca_certificate=st.sampled_from([None, "", CA]),
    )
)
def test_every_valid_connection_comes_back_as_it_was(form: ConnectionForm) -> None:
    connection = check(form, now=NOW).connection
    if connection is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        stored = save(ConnectionStore(Path(folder)), connection)
        assert reloaded(Path(folder)) == (stored, [])
        assert stored.connection == connection
