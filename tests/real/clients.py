"""The original platform's own Python clients, each in a cached folder of its own: they exclude one another.

What each needs is pinned in `clients/*.txt`. Installed by the tests' own `pip`, outside the checkout, once.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.kafka_cluster.fetch import cache_root

CLIENTS = ("algorithmia-2.0.5", "algorithmia-1.4.8", "algorithmia-api-client-1.5.5")
_REQUIREMENTS = Path(__file__).with_name("clients")
_INSTALL_S = 300
_RUN_S = 60


class ClientMissingError(RuntimeError):
    """A client could not be installed; the message holds what pip said."""


@dataclass(frozen=True, slots=True)
class PythonClient:
    """One installed client."""

    folder: Path

    def run(self, script: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a script that imports the client and give what it prints; fails with its traceback.

        It sees none of this machine's own ALGORITHM… settings, proxies or credentials, only `env`.
        """
        result = subprocess.run(
            [sys.executable, "-s", "-c", script, *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(self.folder), **(env or {})},
            capture_output=True,
            text=True,
            timeout=_RUN_S,
        )
        if result.returncode != 0:
            raise AssertionError(f"the client failed:\n{result.stdout}{result.stderr}")
        return result.stdout


def install(name: str) -> PythonClient:
    """Install a client where it is not there yet; safe against a second process at the same time."""
    requirements = _REQUIREMENTS / f"{name}.txt"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    root = cache_root() / "clients"
    folder = root / f"{name}-python{python}"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir() or (folder / "pins.txt").read_bytes() != requirements.read_bytes():
            _install(requirements, root, folder)
    return PythonClient(folder)


def _install(requirements: Path, root: Path, folder: Path) -> None:
    """Install beside the final folder and rename: a folder of the final name is always whole."""
    with tempfile.TemporaryDirectory(dir=root, prefix="install-") as scratch:
        new = Path(scratch) / "new"
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--target", str(new), "-r", str(requirements)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S)
        except subprocess.TimeoutExpired as error:
            raise ClientMissingError(f"pip did not install {requirements.stem} within {_INSTALL_S} s") from error
        if result.returncode != 0:
            raise ClientMissingError(f"pip could not install {requirements.stem}: {result.stderr[-2000:].strip()}")
        (new / "pins.txt").write_bytes(requirements.read_bytes())
        if folder.is_dir():
            folder.rename(Path(scratch) / "old")
        new.rename(folder)
