"""The one table of glyphs: `--ascii` swaps all of them."""

from dataclasses import dataclass

from insights_tui.domain.snapshot import State


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Every character beyond letters, digits and punctuation that the interface draws."""

    idle: str
    busy: str
    good: str
    partly: str
    bad: str
    unknown: str
    bar: str
    rule: str
    dot: str
    dash: str
    times: str
    ellipsis: str
    check: str
    cross: str
    arrow: str
    space: str
    tick: str
    """Where a minute begins on the time axis."""
    mark: str
    """Something happened here."""
    rising: str
    """A column by which rows are in order, the least first; `falling` the greatest."""
    falling: str
    edge: str
    """Between a scale and its chart."""
    levels: str
    """Nine heights of a trend: the first is zero, the last the maximum."""

    def state(self, state: State) -> str:
        """Give the glyph of a state."""
        return {
            State.NOT_CONNECTED: self.idle,
            State.CONNECTING: self.busy,
            State.CONNECTED: self.good,
            State.DEGRADED: self.partly,
        }.get(state, self.bad)


UNICODE = Glyphs(
    idle="○",
    busy="◌",
    good="●",
    partly="◐",
    bad="✖",
    unknown="○",
    bar="▌",
    rule="─",
    dot="·",
    dash="—",
    times="\N{MULTIPLICATION SIGN}",
    ellipsis="…",
    check="✓",
    cross="✗",
    arrow="→",
    space="␣",
    tick="╵",
    mark="▲",
    rising="↑",
    falling="↓",
    edge="┤",
    levels="▁▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    idle="o",
    busy=".",
    good="*",
    partly="~",
    bad="x",
    unknown="?",
    bar="|",
    rule="-",
    dot="-",
    dash="-",
    times="x",
    ellipsis="..",
    check="OK",
    cross="WRONG",
    arrow="->",
    space="space",
    tick="'",
    mark="^",
    rising="^",
    falling="v",
    edge="|",
    levels="_.,:-=+*#",
)


def glyphs_of(app: object) -> Glyphs:
    """Give what an application draws with."""
    found: Glyphs = getattr(app, "glyphs", UNICODE)
    return found
