"""Snapshots as the agent sends them, kept as files: written by its own encoder, read by the interface's own decoder."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from insights_tui.agent.http.answers import encode
from insights_tui.client.decode import decode_snapshot
from insights_tui.domain.snapshot import Snapshot

FOLDER = Path(__file__).parent / "wire"


def write(snapshot: Snapshot) -> bytes:
    """Write a snapshot as it goes over the wire, a part a line so that a change can be read."""
    parts = msgspec.json.decode(encode(snapshot), type=dict[str, msgspec.Raw])
    rows = ",\n".join(f'"{name}":{_seconds(name, bytes(value).decode())}' for name, value in parts.items())
    return f"{{\n{rows}\n}}\n".encode()


def _seconds(name: str, value: str) -> str:
    return value.replace("},{", "},\n{") if name in ("history", "events", "brokers", "problems") else value


def read() -> dict[str, Snapshot]:
    """Read every fixture."""
    return {path.stem: decode_snapshot(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def keep(snapshots: Mapping[str, Snapshot]) -> None:
    """Write these fixtures and take away those that are no more; recordings stay."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.stem not in snapshots and not path.stem.startswith(RECORDED):
            path.unlink()
    for name, snapshot in snapshots.items():
        (FOLDER / f"{name}.json").write_bytes(write(snapshot))


RECORDED = "recorded-"
"""What the name of a recording of a real agent begins with (`docs/pictures.py` makes them)."""
