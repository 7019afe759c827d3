from hypothesis import given
from hypothesis import strategies as st

from insights_tui.tui.lines import Line, ascii_line, crop, cut, ends, fit, plain, table, text, width, wrap
from insights_tui.tui.sheet import _cells, changes

WORDS = st.text(alphabet="ab 表é€\u0301", max_size=30)
LINES = st.lists(st.tuples(WORDS, st.sampled_from(["text", "bad"])), max_size=4).map(tuple)


@given(LINES, st.integers(0, 40))
def test_a_fitted_line_has_its_width(line: Line, cells: int) -> None:
    assert width(fit(line, cells)) == cells
    assert width(fit(line, cells, right=True)) == cells


@given(WORDS, st.integers(1, 30))
def test_a_cut_text_fits(value: str, cells: int) -> None:
    assert width(text(cut(value, cells, "…"))) <= cells


@given(WORDS, st.integers(2, 30))
def test_wrapped_rows_fit_and_lose_no_letter(value: str, cells: int) -> None:
    rows = wrap(value, cells)
    assert all(width(text(row)) <= cells for row in rows)
    assert "".join("".join(rows).split()) == "".join(value.split())


@given(WORDS, st.integers(-5, 1))
def test_a_text_without_room_is_wrapped_too(value: str, cells: int) -> None:
    assert all(width(text(row)) <= max(cells, 0) for row in wrap(value, cells))


def test_a_cut_is_marked() -> None:
    assert plain(crop(text("kafka-1:9093 cannot be reached"), 12, "…")) == "kafka-1:909…"
    assert plain(ends(text("left " * 9), text("right"), 20, "…")).endswith(" right")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = table([[text("a"), text("22")], [text("bbb"), text("1")]], right=frozenset({1}))
    assert [plain(row) for row in rows] == ["a    22", "bbb   1"]


@given(LINES, LINES, st.integers(1, 40))
def test_repainting_the_changes_gives_the_new_line(before: Line, after: Line, cells: int) -> None:
    before, after = fit(before, cells), fit(after, cells)
    screen, wanted = _cells(before), _cells(after)
    for start, end in changes(before, after):
        screen[start:end] = wanted[start:end]
    assert screen == wanted
    assert changes(after, after) == []


def test_one_changed_digit_is_one_cell() -> None:
    before, after = (
        text(f"accepted 1,204,331{' ' * 40}as of 12:04:31Z"),
        text(f"accepted 1,204,331{' ' * 40}as of 12:04:32Z"),
    )
    assert [end - start for start, end in changes(before, after)] == [1]


def test_ascii_spells_everything() -> None:
    assert plain(ascii_line(text("— … \N{MULTIPLICATION SIGN} · → 表 é"))) == "- ~ x - > ?? ?"


@given(WORDS)
def test_ascii_takes_the_cells_that_the_text_took(value: str) -> None:
    assert width(ascii_line(text(value))) == width(text(value))
