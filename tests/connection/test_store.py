import errno
import os
import stat
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_tui.agent.private_files import PrivateDir
from insights_tui.agent.store import ConnectionStore, StateDirectoryError, Stored, prepare_state_dir
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.validate import check
from tests.connection.pki import NOW, make

MARKER = "Marker-pw-1414"
CA = make().pem
CONNECTION = Connection(
    "insights",
    (Server("h1", 9093), Server("::1", 9093)),
    ConnectionType.SASL_SSL,
    Mechanism.SCRAM_SHA_512,
    "user",
    Secret(MARKER),
    CA,
)
PLAINTEXT = Connection("other", (Server("h1", 9092),))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    prepare_state_dir(path)
    return path


def save(store: ConnectionStore, connection: Connection = CONNECTION) -> Stored:
    return store.save(connection, changed_at=NOW, changed_by="alice")


def files(state: Path) -> list[str]:
    return sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file())


def reloaded(state: Path) -> tuple[Stored | None, list[str]]:
    store = ConnectionStore(state)
    stored = store.load()
    return stored, [report.text for report in store.reports]


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


def test_the_last_ten_revisions_are_kept_with_their_passwords(state: Path) -> None:
    store = ConnectionStore(state)
    for number in range(12):
        save(store, replace(CONNECTION, topic=f"topic-{number}", password=Secret(f"{MARKER}-{number}")))
    text = (state / "connection.json").read_text()
    assert [f'"topic-{number}"' in text for number in range(12)] == [False] * 2 + [True] * 10
    assert files(state) == ["connection.json", *sorted(f"secrets/connection-{n}.json" for n in range(3, 13))]
    stored, _ = reloaded(state)
    assert stored is not None
    assert stored.connection.password == Secret(f"{MARKER}-11")


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


def locals_of(error: BaseException) -> str:
    """What a crash report with local variables would show, of every exception that hangs on this one."""
    shown: list[str] = []
    seen = [error]
    for one in seen:
        shown += traceback.TracebackException.from_exception(one, capture_locals=True).format()
        seen += [other for other in (one.__cause__, one.__context__) if other is not None and other not in seen]
    return "".join(shown)


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, call: str, name: str, number: int = errno.EIO) -> Iterator[None]:
    """Let one call of the operating system fail for the file `name`."""
    real = getattr(os, call)

    def fail(*args: object, **more: object) -> object:
        if args and any(name in str(argument) for argument in args):
            raise OSError(number, os.strerror(number))
        return real(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        yield


@pytest.mark.parametrize("call", ["open", "replace"])
@pytest.mark.parametrize("name", [".connection.json.", ".connection-2.json."])
def test_a_write_that_fails_leaves_the_old_connection(
    state: Path, monkeypatch: pytest.MonkeyPatch, call: str, name: str
) -> None:
    store = ConnectionStore(state)
    old = save(store)
    with failing(monkeypatch, call, name, errno.ENOSPC), pytest.raises(RefusedError) as caught:
        save(store, replace(CONNECTION, topic="new"))
    assert caught.value.status == 507
    assert caught.value.errors[0].message == "The connection could not be saved: No space left on device."
    assert MARKER not in locals_of(caught.value)
    assert not [path for path in files(state) if path.endswith(".new")]
    assert reloaded(state) == (old, [])
    assert save(store, replace(CONNECTION, topic="new")).revision == 2


def test_a_deletion_that_fails_leaves_the_old_connection(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ConnectionStore(state)
    old = save(store)
    with failing(monkeypatch, "replace", "connection.json"), pytest.raises(RefusedError) as caught:
        store.delete()
    assert caught.value.status == 500
    assert reloaded(state) == (old, [])


def test_what_is_saved_is_on_disk_before_the_call_returns(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ConnectionStore(state)
    save(store)
    calls: list[str] = []
    sync, put = os.fsync, os.replace

    def fsync(fd: int) -> None:
        calls.append("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else "content")
        sync(fd)

    def replace_(source: str, target: str, **more: int) -> None:
        calls.append(target)
        put(source, target, src_dir_fd=more["src_dir_fd"], dst_dir_fd=more["dst_dir_fd"])

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace_)
    save(store)
    assert calls[:6] == ["content", "connection-2.json", "directory", "content", "connection.json", "directory"]


class Crash(BaseException):
    """The process ends here."""


def test_a_crash_at_any_call_leaves_the_old_connection_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = ("open", "fsync", "replace", "unlink", "fchmod")
    outcomes = []
    for at in range(1, 100):
        state = tmp_path / str(at)
        prepare_state_dir(state)
        store = ConnectionStore(state)
        old = save(store)
        left = at
        done = False
        with monkeypatch.context() as patched:
            for call in calls:
                real = getattr(os, call)

                def counted(*args: object, real: object = real, **more: object) -> object:
                    nonlocal left
                    left -= 1
                    if left <= 0:
                        raise Crash  # and every later call too: nothing tidies up after a crash
                    return real(*args, **more)  # type: ignore[operator]  # one of the functions of `os`

                patched.setattr(os, call, counted)
            try:
                save(store, replace(CONNECTION, topic="new", password=Secret("new")))
                done = True
            except Crash:
                pass
        stored, reports = reloaded(state)
        assert reports == []
        assert stored is not None
        assert stored == old or (stored.connection.topic, stored.connection.password) == ("new", Secret("new"))
        kept = [f"secrets/connection-{number + 1}.json" for number in range(stored.revision)]
        assert files(state) == ["connection.json", *kept]
        outcomes.append(stored.revision)
        if done:
            break
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {1, 2}
    assert len(outcomes) > 8


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"junk\x00\xff", b'{"sha256":"x","content":{}}', b"[" * 100_000], ids=range(5)
)
def test_a_damaged_file_is_set_aside_and_told(state: Path, content: bytes) -> None:
    save(ConnectionStore(state))
    (state / "connection.json").write_bytes(content)
    stored, reports = reloaded(state)
    assert stored is None
    assert len(reports) == 1
    (aside,) = [name for name in files(state) if name.startswith("connection.json.damaged-")]
    assert aside in reports[0]
    assert (state / aside).read_bytes() == content
    assert reloaded(state) == (None, ["The stored connection was damaged and set aside."])
    fresh = save(ConnectionStore(state))
    assert reloaded(state) == (fresh, [])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_never_becomes_another_connection(at: int, bit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        save(ConnectionStore(state), replace(CONNECTION, ca_pem=None))
        for name in ("connection.json", "secrets/connection-1.json"):
            whole = (state / name).read_bytes()
            torn = bytearray(whole)
            torn[at % len(torn)] ^= 1 << bit
            (state / name).write_bytes(torn)
            stored, reports = reloaded(state)
            if stored is None:
                assert len(reports) == 1
                assert MARKER not in repr(reports)
            else:  # the bit was one that JSON does not mind
                assert stored.connection == replace(CONNECTION, ca_pem=None)
            (state / name).write_bytes(whole)


def test_a_torn_file_is_damaged_at_every_length(state: Path) -> None:
    save(ConnectionStore(state), PLAINTEXT)
    whole = (state / "connection.json").read_bytes()
    for length in range(len(whole) - 2):
        (state / "connection.json").write_bytes(whole[:length])
        stored, reports = reloaded(state)
        assert (stored, len(reports)) == (None, 1)


def test_a_lost_password_is_told_and_the_next_save_mends_it(state: Path) -> None:
    first = save(ConnectionStore(state))
    (state / "secrets" / "connection-1.json").unlink()
    for _ in range(2):
        assert reloaded(state) == (None, ["The password of the stored connection is gone."])
    store = ConnectionStore(state)
    store.load()
    mended = save(store)
    assert (mended.id, mended.revision) == (first.id, 2)
    assert reloaded(state) == (mended, [])


def test_a_damaged_password_is_set_aside_until_the_next_save(state: Path) -> None:
    save(ConnectionStore(state))
    (state / "secrets" / "connection-1.json").write_text(f'{{"password": "{MARKER}"')
    store = ConnectionStore(state)
    assert store.load() is None
    assert "The stored password is damaged" in store.reports[0].text
    assert MARKER not in repr(store.reports)
    save(store)
    assert files(state) == ["connection.json", "secrets/connection-2.json"]


def test_the_password_of_another_revision_is_not_used(state: Path) -> None:
    store = ConnectionStore(state)
    save(store)
    old = (state / "secrets" / "connection-1.json").read_bytes()
    save(store)
    (state / "secrets" / "connection-2.json").write_bytes(old)
    stored, reports = reloaded(state)
    assert stored is None
    assert "damaged" in reports[0]


@pytest.mark.parametrize("name", ["connection.json", "secrets/connection-1.json"])
def test_a_link_is_never_followed(state: Path, tmp_path: Path, name: str) -> None:
    save(ConnectionStore(state))
    elsewhere = tmp_path / "elsewhere"
    (state / name).rename(elsewhere)
    (state / name).symlink_to(elsewhere)
    stored, reports = reloaded(state)
    assert stored is None
    assert "damaged" in reports[0]


def test_a_linked_secrets_folder_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (state / "secrets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateDirectoryError, match="cannot be read"):
        ConnectionStore(state).load()
    with pytest.raises(RefusedError, match="could not be saved"):
        save(ConnectionStore(state))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_disk_that_does_not_answer_is_not_no_connection(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(ConnectionStore(state))
    with failing(monkeypatch, "open", "connection.json"), pytest.raises(StateDirectoryError):
        ConnectionStore(state).load()
    assert files(state) == ["connection.json", "secrets/connection-1.json"]


def test_files_that_others_could_read_are_made_private(state: Path) -> None:
    save(ConnectionStore(state))
    for name in files(state):
        (state / name).chmod(0o644)
    reloaded(state)
    assert {stat.S_IMODE((state / name).stat().st_mode) for name in files(state)} == {0o600}


def test_a_file_that_is_a_pipe_does_not_hang(state: Path) -> None:
    os.mkfifo(state / "connection.json")
    stored, reports = reloaded(state)
    assert stored is None
    assert "damaged" in reports[0]


def test_a_long_file_is_not_read_whole(state: Path) -> None:
    (state / "big").write_bytes(b"x" * 11)
    with PrivateDir.open(state) as folder, pytest.raises(ValueError, match="too long"):
        folder.read("big", limit=10)


def test_the_state_directory_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state"
    prepare_state_dir(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    path.chmod(0o755)
    prepare_state_dir(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_state_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(StateDirectoryError) as caught:
            prepare_state_dir(path)
        assert "INSIGHTS_STATE_DIR" in caught.value.hint


def test_a_link_to_the_state_directory_is_refused_unless_root_made_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    if os.geteuid() == 0:
        prepare_state_dir(link)  # as systemd does with DynamicUser=
        save(ConnectionStore(link))
        os.lchown(link, 12_345, -1)
    with pytest.raises(StateDirectoryError, match="is a symbolic link"):
        prepare_state_dir(link)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_state_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    os.chown(path, 12_345, -1)
    with pytest.raises(StateDirectoryError, match=r"belongs to another user \(uid 12345\)"):
        prepare_state_dir(path)


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


def test_one_can_go_back_to_any_kept_revision_with_its_password(state: Path) -> None:
    store = ConnectionStore(state)
    for number in range(12):
        save(store, replace(CONNECTION, topic=f"topic-{number}", password=Secret(f"{MARKER}-{number}")))
    again = ConnectionStore(state)
    again.load()
    told = again.revisions()
    assert [(each.revision, each.topic, each.in_use) for each in told] == [
        (number + 1, f"topic-{number}", number == 11) for number in range(11, 1, -1)
    ]
    assert [each.why_not for each in told] == ["Revision 12 is the one in use."] + [""] * 9
    assert MARKER not in repr(told)
    recalled = again.recall(3).connection
    assert (recalled.topic, recalled.password) == ("topic-2", Secret(f"{MARKER}-2"))


@pytest.mark.parametrize(
    ("revision", "status", "why"),
    [
        (7, 404, "There is no revision 7"),
        (5, 409, "is the one in use"),
        (4, 409, "is a deletion"),
        (2, 409, "erased when the connection was deleted"),
    ],
)
def test_what_one_cannot_go_back_to_says_why(state: Path, revision: int, status: int, why: str) -> None:
    store = ConnectionStore(state)
    save(store, PLAINTEXT)
    save(store)
    save(store)
    store.delete(changed_at=NOW, changed_by="bob")
    save(store)
    assert files(state) == ["connection.json", "secrets/connection-5.json"]
    assert store.recall(1).connection == PLAINTEXT
    with pytest.raises(RefusedError, match=why) as refused:
        store.recall(revision)
    assert refused.value.status == status


def test_a_revision_whose_password_is_damaged_is_refused_without_quoting_it(state: Path) -> None:
    store = ConnectionStore(state)
    save(store)
    save(store, PLAINTEXT)
    (state / "secrets" / "connection-1.json").write_text(f'{{"password": "{MARKER}"')
    with pytest.raises(RefusedError, match="password of revision 1 cannot be read") as refused:
        store.recall(1)
    assert MARKER not in repr(refused.value.errors)
