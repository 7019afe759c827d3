"""Our themes: three greys, one accent, and green, amber and red for state alone.

Every pair of colours that carries text has a contrast of at least 4.5:1 (`tests/tui/test_theme.py`).
"""

from textual.theme import Theme

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
