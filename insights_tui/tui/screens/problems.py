"""Every problem in full: what the banner has no room for."""

from insights_tui.tui.notices import Notice
from insights_tui.tui.screens.reader import Field, Reader, Section

_NONE = "What goes wrong is told above every view while it lasts, and here in full; the view Events keeps what was."


class Problems(Reader):
    """What, since when, effect, what to do, and the raw text."""

    def __init__(self, notices: list[Notice]) -> None:
        super().__init__("Problems", [_section(notice) for notice in notices] or [("Nothing is wrong.", (_NONE,))])


def _section(notice: Notice) -> Section:
    fields = (
        ("Since", notice.since),
        ("Effect", notice.effect),
        ("Left", notice.deadline),
        ("Do", notice.act),
        ("Raw", notice.raw),
    )
    return notice.what, tuple(Field(label, value) for label, value in fields if value)
