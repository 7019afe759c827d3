"""Nobody types, and no dialog is open: then the garbage collector may walk."""

import pytest

from insights_tui.tui import quiet
from tests.tui.driving import desk
from tests.tui.samples import CONNECTED


async def test_it_is_quiet_where_nobody_types_and_no_dialog_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(CONNECTED) as seated:
        assert seated.app.is_quiet()
        await seated.press("2")
        assert not seated.app.is_quiet()
        monkeypatch.setattr(quiet, "IDLE_S", -1.0)
        assert seated.app.is_quiet()
        await seated.press("question_mark")
        await seated.until(lambda: len(seated.app.screen_stack) == 2, "the help")
        assert not seated.app.is_quiet()
