"""The stored connection through failing calls, crashes and damage: the old one or the new one, never another."""

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

from insights_tui.agent.store import ConnectionStore, StateDirectoryError, prepare_state_dir
from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import RefusedError
from tests.connection.stored import CONNECTION, MARKER, PLAINTEXT, files, reloaded, save


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


def test_a_disk_that_does_not_answer_is_not_no_connection(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(ConnectionStore(state))
    with failing(monkeypatch, "open", "connection.json"), pytest.raises(StateDirectoryError):
        ConnectionStore(state).load()
    assert files(state) == ["connection.json", "secrets/connection-1.json"]
