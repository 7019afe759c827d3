"""Where the stylesheets are: `styles/` beside the package in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def styles_dir() -> Path:
    """Find the folder of the stylesheets.

    The wheel maps the top-level `styles/` to `insights_tui/styles`; an editable installation and a checkout
    have it beside the package. Raises `FileNotFoundError` where neither exists.
    """
    for place in (_PACKAGE / "styles", _PACKAGE.parent / "styles"):
        if (place / "tokens.tcss").is_file():
            return place
    raise FileNotFoundError(f"No stylesheets beside {_PACKAGE}. Install insights-tui again.")


def style(name: str) -> Path:
    """Name the stylesheet of one screen: `style("insights")`."""
    return styles_dir() / f"{name}.tcss"
