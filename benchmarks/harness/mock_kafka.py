"""Three brokers in a process of their own, in C: a Kafka that takes little of the processors from what is measured."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from insights_tui.cli.demo.mock_kafka import MockKafka

_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def mock_kafka() -> Iterator[str]:
    """Run it while the `with` lasts; gives its bootstrap servers. Its topic is `insights`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.harness.mock_kafka"],
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    with MockKafka() as kafka:
        print(kafka.bootstrap, flush=True)
        sys.stdin.read()
