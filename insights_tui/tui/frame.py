"""What one tick brings to the screen: the newest snapshot and how fresh it is."""

from dataclasses import dataclass, field
from datetime import datetime

from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.tui.glyphs import UNICODE, Glyphs
from insights_tui.tui.told_keys import Told


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything the page shows at one instant, frozen."""

    snapshot: Snapshot | None = None
    """`None` until the first one has come."""
    history: tuple[Second, ...] = ()
    """The last five minutes as the agent measured them, oldest first."""
    stale_s: float | None = None
    """Seconds since the last news; `None` while news come."""
    error: str = ""
    """Why there are no news. Sanitised."""
    hint: str = ""
    """What would help. Sanitised."""
    foreign: bool = False
    """Whether the agent answers all the same, in a schema that is not ours."""
    restarted_at: datetime | None = None
    """When a restarted agent was first seen (its `as_of`); `None` where it is the same one."""
    frozen_at: datetime | None = None
    """Since when the view stands still; delivery never does."""
    read_only: bool = False
    """Whether this interface may change nothing."""
    agent: str = ""
    """Which agent it is, where there are several: `agent 2 of 3`."""


@dataclass(frozen=True, slots=True)
class Space:
    """The room that a page has, in cells, and how it may draw."""

    width: int = 80
    height: int = 24
    glyphs: Glyphs = UNICODE
    told: Told = field(default_factory=Told)
    """Spells keys as they are now, those of the view that is shown first."""

    @property
    def tier(self) -> str:
        """Name the layout: `tiny`, `narrow`, `medium` or `wide`."""
        if self.width < 60 or self.height < 16:
            return "tiny"
        if self.width >= 160 and self.height >= 45:
            return "wide"
        if self.width >= 108 and self.height >= 32:
            return "medium"
        return "narrow"

    @property
    def roomy(self) -> bool:
        """Whether there is room for headings and air."""
        return self.tier in ("medium", "wide")


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame in the room that one part of the page has: everything it draws from."""

    frame: Frame
    space: Space
    width: int
    """Cells that this part has, at most `space.width`."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        return self.frame.snapshot

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return self.space.glyphs

    @property
    def tier(self) -> str:
        """The layout's name."""
        return self.space.tier

    @property
    def roomy(self) -> bool:
        """Whether there is room for headings and air."""
        return self.space.roomy
