"""The mark: two copies of the last commit, either of which is enough; version 1 had one."""

from dataclasses import fields, replace
from pathlib import Path
from zlib import crc32

import pytest

from insights_tui.spool.durable import mark as module
from insights_tui.spool.durable.mark import Mark, Seen, read_mark
from insights_tui.spool.durable.record import _FORMAT_1, Record

PAGE = 4096


def record(commits: int) -> Record:
    return Record(commits=commits, last=commits * 10, accepted=commits * 10)


def packed_1(one: Record) -> bytes:
    """Pack a record as it was before the damaged were counted apart."""
    data = _FORMAT_1.pack(*[getattr(one, field.name) for field in fields(Record)][:-2])
    return data + crc32(data).to_bytes(4, "little")


def written(path: Path, *, commits: int = 3, clean: bool = False) -> None:
    mark = Mark(path, 7, "boot")
    for number in range(1, commits + 1):
        mark.committed(record(number).pack(), clean=clean)
    mark.attempting(25)
    mark.close()


def overwrite(path: Path, at: int, data: bytes) -> None:
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    path.write_bytes(whole)


@pytest.mark.parametrize("page", [0, 1])
def test_one_zeroed_page_leaves_the_last_commit_readable(tmp_path: Path, page: int) -> None:
    path = tmp_path / "mark"
    written(path, clean=True)
    overwrite(path, page * PAGE, bytes(PAGE))
    seen = read_mark(path, 7)
    assert (seen.record, seen.clean, seen.boot_id) == (record(3), True, "boot")
    assert seen.attempted == (0 if page == 0 else 25)


@pytest.mark.parametrize("at", range(0, PAGE, 256))
def test_a_flipped_byte_leaves_the_last_commit_readable(tmp_path: Path, at: int) -> None:
    path = tmp_path / "mark"
    written(path)
    for copy in (at, PAGE + at):
        whole = path.read_bytes()
        overwrite(path, copy, bytes([whole[copy] ^ 0x10]))
        assert read_mark(path, 7).record == record(3)
        path.write_bytes(whole)


def test_of_two_copies_the_later_one_holds(tmp_path: Path) -> None:
    """A death between the two writes."""
    path = tmp_path / "mark"
    written(path, commits=2, clean=True)
    old = path.read_bytes()
    written_on = Mark(path, 7, "boot", read_mark(path, 7))
    written_on.committed(record(3).pack())
    written_on.close()
    overwrite(path, PAGE, old[PAGE:])
    assert read_mark(path, 7).record == record(3)
    assert not read_mark(path, 7).clean
    again = Mark(path, 7, "boot", read_mark(path, 7))
    again.committed(record(4).pack())
    again.close()
    assert read_mark(path, 7).record == record(4)


@pytest.mark.parametrize("length", [0, 1, 300, 2000, PAGE, PAGE + 10])
def test_a_mark_cut_short_tells_what_is_whole(tmp_path: Path, length: int) -> None:
    path = tmp_path / "mark"
    written(path)
    path.write_bytes(path.read_bytes()[:length])
    seen = read_mark(path, 7)
    assert seen.record == (record(3) if length > 400 else None)
    assert seen.attempted == (25 if length >= PAGE else None)
    mark = Mark(path, 7, "boot", seen)
    mark.committed(record(4).pack())
    mark.close()
    assert read_mark(path, 7).record == record(4)
    assert path.stat().st_size == 2 * PAGE


def test_the_mark_of_version_1_is_read_and_stays_until_the_next_commit(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    head = module._COMMIT_1.pack(b"ISPC", 1, 1, b"earlier-boot") + packed_1(record(5))
    page = bytearray(PAGE)
    page[: len(head) + 4] = head + crc32(head).to_bytes(4, "little")
    path.write_bytes(page)
    expected = Seen(record(5), True, "earlier-boot", 0)
    assert read_mark(path, 7) == expected
    mark = Mark(path, 7, "boot", read_mark(path, 7))
    assert read_mark(path, 7) == expected
    mark.committed(record(6).pack())
    mark.close()
    seen = read_mark(path, 7)
    assert (seen.record, seen.clean, seen.boot_id, seen.attempted) == (record(6), False, "boot", 0)


def test_a_record_of_version_1_takes_no_more_for_damaged_than_can_be() -> None:
    old = replace(record(5), damaged=3, bodiless=9, lost_open=9, c_damaged=8, c_bodiless=2, c_lost_open=2)
    assert Record.unpack(packed_1(old)) == replace(old, damaged_open=3, c_damaged_open=2)
    assert Record.unpack(old.pack()) == old
    assert Record.unpack(packed_1(old)[:-1] + b"x") is None
