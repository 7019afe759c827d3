"""Every problem in full: what the banner has no room for."""

from insights_tui.tui.panels.banner import Notice
from insights_tui.tui.screens.reader import Reader, Section


class Problems(Reader):
    """What, since when, effect, what to do, and the raw text."""

    def __init__(self, notices: list[Notice]) -> None:
        super().__init__("Problems", [_section(notice) for notice in notices] or [("Nothing is wrong.", ())])


def _section(notice: Notice) -> Section:
    fields = (
        ("Since", notice.since),
        ("Effect", notice.effect),
        ("Left", notice.deadline),
        ("Do", notice.act),
        ("Raw", notice.raw),
    )
    return notice.what, tuple(f"{label:<8}{value}" for label, value in fields if value)
