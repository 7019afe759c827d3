"""Load by `wrk`, with every answer kept: the rate, the latencies, and the ids that were answered 2xx."""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = %(kind)s
wrk.body = %(body)s
local kept = io.open(%(kept)s, "w")
kept:setvbuf("full", 1048576)
function response(status, headers, body)
  kept:write(status, " ", headers["Retry-After"] or headers["retry-after"] or "-", " ", body, "\\n")
end
"""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Call:
    """What is posted, again and again."""

    path: str
    kind: str
    body: str
    payloads: int = 1
    """In one call."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load measured."""

    requests_per_s: float
    p50_s: float
    p99_s: float
    statuses: dict[int, int]
    without_retry_after: int
    """Answers 429, 503 or 507 without `Retry-After`."""
    ids: list[str]
    """Of every payload answered 2xx."""
    socket_errors: int


def load(url: str, call: Call, connections: int, seconds: float) -> Load:
    """Post for so long over so many connections, each as fast as it is answered."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="insights-wrk-") as folder:
        kept, script = Path(folder) / "answers", Path(folder) / "load.lua"
        values = {"kind": call.kind, "body": call.body, "kept": str(kept)}
        script.write_text(_SCRIPT % {name: json.dumps(value) for name, value in values.items()})
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "30s"]
        done = subprocess.run(
            [*command, "-s", str(script), url + call.path], capture_output=True, text=True, check=True
        )
        return _read(done.stdout, kept)


def _read(told: str, kept: Path) -> Load:
    statuses: dict[int, int] = {}
    ids: list[str] = []
    silent = 0
    with kept.open() as rows:
        for row in rows:
            status, retry, body = row.split(" ", 2)
            code = int(status)
            statuses[code] = statuses.get(code, 0) + 1
            if code // 100 == 2:
                ids += _ID.findall(body)
            elif code in {429, 503, 507}:
                silent += retry == "-"
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    assert rate is not None, told
    return Load(
        float(rate[1]), _percentile(told, 50), _percentile(told, 99), statuses, silent, ids,
        sum(map(int, errors.groups())) if errors else 0,
    )  # fmt: skip


def _percentile(told: str, which: int) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s|m)\b", told)
    assert found is not None, told
    return float(found[1]) * _UNITS[found[2]]
