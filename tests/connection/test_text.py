import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain.text import (
    DURATION_WIDTH,
    bytes_,
    clock_time,
    counted,
    date,
    date_time,
    duration,
    latency,
    moment,
    percent,
    rate,
    sanitize,
    spell,
    thousands,
    unspell,
)

# Written out here once more, apart from the code: what must never reach a terminal.
FORBIDDEN = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x61C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xD800, 0xE000),
}

nasty = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]),
        st.sampled_from("\x1b[]()#;?0123456789mPX^_\\\x07\x9b\x9c\x9d\x90\r\n\t \ufffd\ufe0f"),
    ),
    max_size=200,
)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("insights", "insights"),
        ("\x1b[31mred\x1b[0m", "�red�"),
        ("\x9b31mred", "�red"),
        ("a\x1b]0;title\x07b", "a�b"),
        ("a\x1b]52;c;aGk=\x1b\\b", "a�b"),
        ("a\x1bP1$r0m\x1b\\b", "a�b"),
        ("a\x1b]0;never ends", "a�]0;never ends"),
        ("a\x1bcb", "a�b"),
        ("a\x1b(0b", "a�b"),
        ("one\r\n\ttwo\u2028three", "one two three"),
        ("a\x00\x00\x00b", "a�b"),
        ("invoice\u202egnp.exe", "invoice�gnp.exe"),
        ("kaf\u200bka", "kaf�ka"),
        ("\ufefftopic", "�topic"),
        ("lone \ud800", "lone �"),
        ("wide\u3000space\xa0", "wide space "),
        ("⚠\ufe0f", "⚠"),
        ("grün 日本", "grün 日本"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("private \ue0b0 use", "private � use"),
    ],
)
def test_foreign_text_is_made_harmless(foreign: str, shown: str) -> None:
    assert sanitize(foreign) == shown


def test_long_text_ends_in_an_ellipsis() -> None:
    assert sanitize("x" * 501) == "x" * 499 + "…"
    assert sanitize("x" * 500) == "x" * 500
    assert sanitize("abc", limit=2) == "a…"
    assert sanitize("abc", limit=0) == ""


def test_what_hides_a_long_text_still_counts_as_cut() -> None:
    assert sanitize("\x00" * 10_000_000, limit=10) == "�…"


@given(nasty, st.integers(0, 60))
def test_nothing_harmful_is_left_and_it_never_raises(text: str, limit: int) -> None:
    shown = sanitize(text, limit=limit)
    assert len(shown) <= limit
    assert not FORBIDDEN & set(map(ord, shown))
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for character in shown)


@given(nasty, st.integers(0, 60))
def test_sanitizing_twice_changes_nothing(text: str, limit: int) -> None:
    once = sanitize(text, limit=limit)
    assert sanitize(once, limit=limit) == once


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "—"),
        (float("inf"), "—"),
        (float("nan"), "—"),
        (-3, "0.0 s"),
        (0, "0.0 s"),
        (0.4, "0.4 s"),
        (0.7, "0.7 s"),
        (9.99, "9.9 s"),
        (10, "10 s"),
        (59.99, "59 s"),
        (60, "1m 00s"),
        (185, "3m 05s"),
        (3599.9, "59m 59s"),
        (7860, "2h 11m"),
        (86_399, "23h 59m"),
        (86_400 * 3 + 4 * 3600, "3d 04h"),
        (86_400 * 214, "214 d"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@given(st.floats(0, 86_400 * 100, exclude_max=True))
def test_a_duration_never_outgrows_its_column(seconds: float) -> None:
    assert len(duration(seconds)) <= DURATION_WIDTH


@given(st.integers(0, 99), st.integers(0, 9))
def test_tenths_are_those_that_were_meant(whole: int, tenth: int) -> None:
    shown = duration(float(f"{whole % 10}.{tenth}"))
    assert shown == f"{whole % 10}.{tenth} s"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "—"), (0, "0 ms"), (0.0001, "<1 ms"), (0.003, "3 ms"), (0.9999, "999 ms"), (1, "1.0 s"), (65, "1m 05s")],
)
def test_latencies(seconds: float | None, shown: str) -> None:
    assert latency(seconds) == shown


@pytest.mark.parametrize(
    ("per_second", "shown"),
    [
        (None, "—"),
        (0, "0/s"),
        (0.04, "<0.1/s"),
        (4, "4/s"),
        (4.12, "4.1/s"),
        (9.99, "10/s"),
        (410.4, "410/s"),
        (12_345, "12,345/s"),
    ],
)
def test_rates(per_second: float | None, shown: str) -> None:
    assert rate(per_second) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, "—"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (512 * 1024**2, "512 MiB"),
        (2 * 1024**3, "2.0 GiB"),
        (3000 * 1024**4, "3,000 TiB"),
    ],
)
def test_sizes(size: int | None, shown: str) -> None:
    assert bytes_(size) == shown


def test_shares_are_whole_only_when_they_are() -> None:
    assert [percent(part, 1000) for part in (0, 1, 630, 999, 1000)] == ["0 %", "<1 %", "63 %", "99 %", "100 %"]
    assert percent(1, 0) == percent(None, 5) == "—"


def test_times_are_utc() -> None:
    at = datetime(2026, 11, 22, 14, 4, 31, tzinfo=timezone(timedelta(hours=2)))
    assert (clock_time(at), date_time(at), date(at)) == ("12:04:31Z", "2026-11-22 12:04:31Z", "2026-11-22")
    assert clock_time(None) == date_time(None) == date(None) == "—"
    assert clock_time(datetime(2026, 1, 1, tzinfo=UTC)) == "00:00:00Z"
    assert moment(at, datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == "12:04:31Z"
    assert moment(at, datetime(2026, 11, 23, tzinfo=UTC)) == "11-22 12:04Z"


def test_counts() -> None:
    assert (thousands(1_198_042), thousands(None)) == ("1,198,042", "—")
    assert (counted(1, "payload"), counted(6310, "payload")) == ("1 payload", "6,310 payloads")
    assert counted(2, "entry", "entries") == "2 entries"


@given(nasty, nasty)
def test_two_names_are_never_spelled_alike(one: str, other: str) -> None:
    assert not {ord(character) for character in spell(one)} & FORBIDDEN
    assert (spell(one, limit=40) == spell(other, limit=40)) == (one == other)


@given(nasty)
def test_a_spelled_name_is_read_back(name: str) -> None:
    assert unspell(spell(name, limit=100_000)) == name


def test_what_is_no_escape_stands_for_itself() -> None:
    assert unspell(r"C:\data\U99999999\x2") == r"C:\data\U99999999\x2"


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("acme/cats", "acme/cats"),
        ("名前", "名前"),
        ("a\x1b[0m", r"a\x1b[0m"),
        (r"a\x1b[0m", r"a\\x1b[0m"),
        ("a\u200bb\ufe0f", r"a\u200bb\ufe0f"),
        ("\ud800", r"\ud800"),
        ("a" * 41, "a" * 31 + "…" + "a37a318e"),
    ],
)
def test_a_name_is_spelled(name: str, spelled: str) -> None:
    assert spell(name, limit=40) == spelled
