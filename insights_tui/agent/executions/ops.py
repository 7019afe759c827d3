"""What is asked of the executions on disk, and what is answered."""

from collections.abc import Sequence
from typing import NamedTuple

from insights_tui.domain.execution import Begin
from insights_tui.domain.report import MetricKind, Number


class Opening(NamedTuple):
    """Begin one; answered by the `Run`."""

    key: bytes
    begin: Begin


class Reporting(NamedTuple):
    """Merge a report into one; answered by `Merged`."""

    key: bytes
    metrics: dict[str, Number]
    kinds: dict[str, MetricKind]


class Taking(NamedTuple):
    """End one: nothing is merged into it from here on; answered by the `Run`, which may be closed already."""

    key: bytes


class Returning(NamedTuple):
    """They could not be ended: they go on; answered by `None`."""

    keys: Sequence[bytes]


class Closing(NamedTuple):
    """Their payloads are in the spool; answered by `None`."""

    keys: Sequence[bytes]


class Quiet(NamedTuple):
    """Take those without a sign of life since a second of the timeline; answered by a list of `Run`."""

    silence_s: float
    limit: int


Op = Opening | Reporting | Taking | Returning | Closing | Quiet


class UnknownError(Exception):
    """No execution has this id, or it was closed long ago."""


class EndedError(Exception):
    """The execution has ended."""


class FullError(Exception):
    """There is no room for another execution."""


class NotWrittenError(Exception):
    """The disk does not take it; says why."""
