"""What the checkout holds, as git sees it."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def files(*options: str) -> list[Path]:
    """List the files of the checkout that git tracks; `options` go to `git ls-files`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *options], cwd=ROOT, check=True, capture_output=True, timeout=60
    ).stdout.decode()
    return sorted(ROOT / name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def copy_to(target: Path, *, only: str = "") -> Path:
    """Copy the files that a commit of now would hold to `target`: no caches, nothing built."""
    for source in files("--cached", "--others", "--exclude-standard"):
        name = source.relative_to(ROOT)
        if not name.as_posix().startswith(only):
            continue
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    return target


def pyproject() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
