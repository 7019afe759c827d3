"""Every stylesheet parses in both themes, and some screen uses it."""

from pathlib import Path

import pytest
from textual.app import App
from textual.css.errors import StylesheetError
from textual.css.stylesheet import Stylesheet
from textual.css.tokenizer import TokenError
from textual.theme import Theme

from insights_tui.tui.app import InsightsApp
from insights_tui.tui.theme import DARK, LIGHT
from tests.packaging.checkout import ROOT
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED

SHEETS = sorted((ROOT / "styles").glob("*.tcss"))


def parse(text: str, theme: Theme) -> int:
    """Parse a stylesheet with the names that `theme` gives, and count its rules."""
    app: App[None] = App()
    app.register_theme(theme)
    app.theme = theme.name
    sheet = Stylesheet(variables=app.get_css_variables())
    sheet.add_source(text, read_from=("styles", ""))
    sheet.parse()
    return len(sheet.rules)


def test_there_are_stylesheets() -> None:
    assert ROOT / "styles" / "tokens.tcss" in SHEETS


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_stylesheet_parses(sheet: Path, theme: Theme) -> None:
    assert parse(sheet.read_text(), theme)


@pytest.mark.parametrize(
    "wrong", ["Screen { color: $no-such-name; }", "Screen { colour: red; }", "Screen { color: red;"]
)
def test_a_wrong_one_is_reported(wrong: str) -> None:
    with pytest.raises((StylesheetError, TokenError)):
        parse(wrong, DARK)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_stylesheet_is_used(sheet: Path) -> None:
    loaded = {Path(path).name for path in InsightsApp(FakeAgent(CONNECTED)).css_path}
    code = "\n".join(path.read_text() for path in (ROOT / "insights_tui").rglob("*.py"))
    assert sheet.name in loaded or f'style("{sheet.stem}")' in code
