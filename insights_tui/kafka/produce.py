"""The produce request up to version 8, whose answer says in words why records were refused (KIP-467).

aiokafka knows that version and does not use it yet; `tests/engine/test_pin.py` guards what this leans on.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v8

from insights_tui.kafka.verdict import clip

_REASONS_AT = 2
"""Behind the append time and the log's start."""


class Produce(ProduceRequest):  # type: ignore[misc] # aiokafka ships no types
    """A produce request in the highest version that both sides speak."""


Produce._CLASSES = (*ProduceRequest._CLASSES, ProduceRequest_v8)  # noqa: SLF001 - where aiokafka keeps the versions


def reasons(rest: Sequence[Any]) -> Iterator[str]:
    """Go through what the answer says of single records: `rest` is what follows the offset. Foreign text, clipped."""
    for _, reason in rest[_REASONS_AT] or () if len(rest) > _REASONS_AT else ():
        if reason:
            yield clip(reason)
