import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from insights_tui.tui.theme import CONTRAST, DARK, LIGHT, TERMINAL
from tests.tui import samples
from tests.tui.driving import desk

PAIRS = [
    *((token, "ground") for token in ("ink", "label", "accent-ink", "ok", "warn", "bad")),
    ("accent-ink", "raised"),
    ("on-accent", "accent-ink"),
    ("loud-ink", "loud-ground"),
    ("alert-ink", "alert-ground"),
]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.1."""

    def luminance(value: str) -> float:
        parts = [channel / 255 for channel in Color.parse(value).rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: Theme, text: str, ground: str) -> None:
    assert contrast(theme.variables[text], theme.variables[ground]) >= (7.0 if theme is CONTRAST else 4.5)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_sixteen_colours_still_tell_them_apart(theme: Theme) -> None:
    def standard(token: str) -> int | None:
        return RichColor.parse(theme.variables[token]).downgrade(ColorSystem.STANDARD).number

    assert standard("ground") not in {standard(token) for token in ("ink", "label", "ok", "warn", "bad", "accent-ink")}
    assert standard("loud-ground") != standard("loud-ink")
    assert standard("alert-ground") != standard("alert-ink")


async def test_no_colour_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk(samples.LOST, (120, 40)) as seated:
        styles = [segment.style for strip in seated.app.screen._compositor.render_strips() for segment in strip]
        coloured = [style for style in styles if style and (style.color or style.bgcolor)]
        assert [style for style in coloured if not _default(style.color) or not _default(style.bgcolor)] == []
        assert any(style and style.reverse for style in styles), "what is lost must stand out without colour"


def _default(color: RichColor | None) -> bool:
    return color is None or color.is_default


async def test_the_terminals_own_colours_are_sent_as_such_and_a_change_of_theme_leaves_no_old_cell() -> None:
    async with desk(samples.LOST, (120, 40)) as seated:
        seated.app.theme = TERMINAL.name
        await seated.pilot.pause()
        styles = [segment.style for strip in seated.app.screen._compositor.render_strips() for segment in strip]
        colours = [colour for style in styles if style for colour in (style.color, style.bgcolor) if colour]
        assert {colour.type.name for colour in colours} <= {"DEFAULT", "STANDARD"}
        assert any(colour.number == 1 for colour in colours), "what is lost is red"


@pytest.mark.parametrize("keys", [["2"], ["3", "slash"], ["5"], ["c"], ["d"], ["colon"]], ids="".join)
async def test_on_the_terminals_own_colours_no_ground_has_the_default_ink(keys: list[str]) -> None:
    async with desk(samples.LOST, (120, 40), theme="terminal") as seated:
        await seated.press(*keys)
        await seated.pilot.pause()
        strips = seated.app.screen._compositor.render_strips()
        told = [(segment.text, segment.style) for strip in strips for segment in strip if segment.style]
        grounds = [(words, style) for words, style in told if not _default(style.bgcolor) and words.strip()]
        assert [words for words, style in grounds if _default(style.color)] == []
        assert grounds or any(style.reverse for _, style in told), "what is chosen must stand out"
