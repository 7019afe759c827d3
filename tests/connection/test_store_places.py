"""Links, pipes, foreign owners: what stands in the state directory's place."""

import os
import stat
from pathlib import Path

import pytest

from insights_tui.agent.private_files import PrivateDir
from insights_tui.agent.store import ConnectionStore, StateDirectoryError, prepare_state_dir
from insights_tui.domain.refused import RefusedError
from tests.connection.stored import files, reloaded, save


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
