"""Our themes: three greys, one accent, and green, amber and red for state alone.

Every pair of colours that carries text has a contrast of at least 4.5:1 (`tests/tui/test_theme.py`).
"""

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="insights-dark",
    primary="#82b4f5",
    secondary="#82b4f5",
    accent="#82b4f5",
    foreground="#e8eaed",
    background="#101418",
    surface="#171c22",
    panel="#1e252d",
    success="#6cc48b",
    warning="#e6b450",
    error="#ff7b72",
    dark=True,
    variables={
        "ground": "#101418",
        "on-accent": "#101418",
        "raised": "#232b34",
        "ink": "#e8eaed",
        "label": "#95a1ad",
        "rule": "#323b45",
        "trend": "#6f7d8b",
        "accent-ink": "#82b4f5",
        "ok": "#6cc48b",
        "warn": "#e6b450",
        "bad": "#ff7b72",
        "loud-ground": "#c62f28",
        "loud-ink": "#ffffff",
        "alert-ground": "#e6b450",
        "alert-ink": "#101418",
    },
)
LIGHT = Theme(
    name="insights-light",
    primary="#0a58a8",
    secondary="#0a58a8",
    accent="#0a58a8",
    foreground="#191d21",
    background="#fbfaf7",
    surface="#f2f1ed",
    panel="#e9e8e3",
    success="#17693a",
    warning="#825200",
    error="#b3261e",
    dark=False,
    variables={
        "ground": "#fbfaf7",
        "on-accent": "#fbfaf7",
        "raised": "#e6e6e1",
        "ink": "#191d21",
        "label": "#5a646e",
        "rule": "#cfd2d0",
        "trend": "#7b858e",
        "accent-ink": "#0a58a8",
        "ok": "#17693a",
        "warn": "#825200",
        "bad": "#b3261e",
        "loud-ground": "#b3261e",
        "loud-ink": "#ffffff",
        "alert-ground": "#ffd166",
        "alert-ink": "#191d21",
    },
)
CONTRAST = Theme(
    name="insights-high-contrast",
    primary="#9fd0ff",
    secondary="#9fd0ff",
    accent="#9fd0ff",
    foreground="#ffffff",
    background="#000000",
    surface="#0a0a0a",
    panel="#141414",
    success="#5cff8f",
    warning="#ffd23f",
    error="#ff8a80",
    dark=True,
    variables={
        "ground": "#000000",
        "on-accent": "#000000",
        "raised": "#2e2e2e",
        "ink": "#ffffff",
        "label": "#d6d6d6",
        "rule": "#8c8c8c",
        "trend": "#c8c8c8",
        "accent-ink": "#9fd0ff",
        "ok": "#5cff8f",
        "warn": "#ffd23f",
        "bad": "#ff8a80",
        "loud-ground": "#b00000",
        "loud-ink": "#ffffff",
        "alert-ground": "#ffd23f",
        "alert-ink": "#000000",
    },
)
TERMINAL = Theme(
    name="insights-terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_blue",
    accent="ansi_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    dark=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,  # names that Textual's own style sheets need
        "ground": "ansi_default",
        "on-accent": "ansi_bright_white",
        "raised": "ansi_default",  # no grey of the sixteen goes with the default ink on dark and on light ones
        "ink": "ansi_default",
        "label": "ansi_default",
        "rule": "ansi_bright_black",
        "trend": "ansi_default",
        "accent-ink": "ansi_blue",
        "ok": "ansi_green",
        "warn": "ansi_yellow",
        "bad": "ansi_red",
        "loud-ground": "ansi_red",
        "loud-ink": "ansi_bright_white",
        "alert-ground": "ansi_yellow",
        "alert-ink": "ansi_black",
    },
)
"""The sixteen colours of the terminal, whatever they are there: its owner chose them to be read."""
THEMES = {
    "Dark theme": ("Light text on a dark ground", DARK),
    "Light theme": ("Dark text on a light ground", LIGHT),
    "High contrast theme": ("White text on black, at least 7:1", CONTRAST),
    "Terminal theme": ("The terminal's own sixteen colours", TERMINAL),
}
"""What the palette offers."""
BY_WORD = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST, "terminal": TERMINAL}
"""The same by the words of the settings."""
OURS = {theme.name: theme for _, theme in THEMES.values()}
"""The same by their names."""
