"""The theme that somebody wants is wanted at each start: settings, variable, option."""

from pathlib import Path
from typing import get_args

import pytest

from insights_tui.cli.habits import habits_of
from insights_tui.cli.options import THEMES, look_of
from insights_tui.settings.model import Interface
from insights_tui.tui.app import InsightsApp
from insights_tui.tui.theme import BY_WORD, OURS
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED


def test_option_settings_and_interface_know_the_same_themes() -> None:
    annotation = Interface.model_fields["theme"].annotation
    assert tuple(BY_WORD) == THEMES == get_args(annotation)
    assert list(OURS.values()) == list(BY_WORD.values())


@pytest.mark.parametrize("word", THEMES)
async def test_the_interface_begins_with_the_theme_it_is_given(word: str) -> None:
    app = InsightsApp(FakeAgent(CONNECTED), theme=word)
    async with app.run_test(size=(80, 24)):
        assert app.current_theme == BY_WORD[word]


def test_the_settings_keep_it_and_the_option_goes_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert habits_of().theme is None
    monkeypatch.setenv("INSIGHTS_INTERFACE__THEME", "Contrast")
    assert habits_of().theme == "contrast"
    look = look_of(ascii_only=False, interval=1.0, mouse=None, read_only=None, theme="light")
    assert look.theme == "light"
