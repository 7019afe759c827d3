"""Fetch Apache Kafka's jars once, into the person's cache, through an ordinary `mvn`."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "4.3.1"
_POM = Path(__file__).with_name("pom.xml")
_FETCH_S = 600


class KafkaMissingError(RuntimeError):
    """This machine cannot run Apache Kafka; the message says what to install."""


def cache_root() -> Path:
    """Where the tests keep what they download: `$XDG_CACHE_HOME/insights-tui`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "insights-tui"


def missing() -> str | None:
    """What this machine lacks to run Kafka, as advice, or None where nothing is missing."""
    if shutil.which("java") is None:
        return "no `java`: install Java 17 or newer (Debian: openjdk-17-jre-headless)"
    if not _jars(cache_root()).is_dir() and shutil.which("mvn") is None:
        return "no `mvn` to fetch Apache Kafka with: install Maven (Debian: maven)"
    return None


def jars() -> Path:
    """The folder of Kafka's jars, fetched on first use; safe against a second process at the same time.

    Raises `KafkaMissingError` where Java or Maven is missing or the fetch fails.
    """
    advice = missing()
    if advice is not None:
        raise KafkaMissingError(advice)
    root = cache_root()
    done = _jars(root)
    if done.is_dir():
        return done
    root.mkdir(parents=True, exist_ok=True)
    with (root / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the loser waits here, then finds the folder
        if not done.is_dir():
            _fetch(root, done)
    return done


def _jars(root: Path) -> Path:
    return root / f"kafka-{VERSION}"


def _fetch(root: Path, done: Path) -> None:
    """Download beside the final folder and rename: a folder of the final name is always whole."""
    with tempfile.TemporaryDirectory(dir=root, prefix="fetch-") as scratch:
        libs = Path(scratch) / "libs"
        pom = shutil.copy(_POM, scratch)  # Maven writes beside its pom: keep that out of the checkout
        command = ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={libs}"]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise KafkaMissingError(f"Maven did not fetch Apache Kafka {VERSION} within {_FETCH_S} s") from error
        if result.returncode != 0 or not any(libs.glob("kafka_2.13-*.jar")):
            tail = "\n".join((result.stdout + result.stderr).splitlines()[-15:])
            raise KafkaMissingError(f"Maven could not fetch Apache Kafka {VERSION}:\n{tail}")
        libs.rename(done)
