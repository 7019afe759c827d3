"""The page without an agent: what that means, and how to get one back."""

from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import BLANK, Line, fit, text, wrap
from insights_tui.tui.panels.panel import Panel

_MEANS = (
    "This screen only shows what an agent does. While there is none, reports fail and deadlines run on; what it had"
    " kept on disk is delivered when it is back."
)
_WAYS = (
    ("Start it here", "insights-tui agent"),
    ("As a service", "sudo systemctl start insights-tui"),
    ("Why it ended", "journalctl -u insights-tui -e"),
    ("Another one", "insights-tui --socket PATH"),
)
_LABEL = 16
_READABLE = 76
"""Cells of a row beyond which a sentence is hard to follow."""


class NoAgent(Panel):
    """Empty while there is an agent, or while none has been looked for yet."""

    AGES = False

    def lines(self, scene: Scene) -> list[Line]:
        """Draw what it means and the commands; where rows are few, the commands alone."""
        if scene.snapshot is not None or not scene.frame.error:
            return []
        if scene.tier == "tiny":
            return [text(f" {command}") for _, command in _WAYS]
        ways: list[Line] = [(*fit(text(f" {label}", "label"), _LABEL), (command, "text")) for label, command in _WAYS]
        means = [text(f" {row}") for row in wrap(_MEANS, min(_READABLE, scene.width - 1))]
        return [BLANK, *means, BLANK, *ways]
