"""Algorithms as people see them: which report, what they report, and whether Insights is on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

MetricKind = Literal["number", "boolean", "text", "list", "dropped"]
"""What a metric was reported as: `text` and `list` hold one number, `dropped` none."""
DecidedBy = Literal["version", "algorithm", "default"]
"""What says whether Insights is on: a switch of the version, one of all its versions, or the setting."""


class Which(NamedTuple):
    """One version of an algorithm, or all of them where `version` is `None`."""

    owner: str
    name: str
    version: str | None = None

    @property
    def text(self) -> str:
        """As people write it: `OWNER/NAME[/VERSION]`."""
        return "/".join(part for part in self if part is not None)


@dataclass(frozen=True, slots=True)
class SeenMetric:
    """One metric of one version, as it was reported since it was first seen."""

    name: str
    kind: MetricKind
    """Of the latest report."""
    last: float | None
    """`None` where no report of it held a number; so for `min` and `max`."""
    min: float | None
    max: float | None
    count: int
    """Reports that held it."""
    last_at: datetime
    stopped: bool = False
    """It came regularly, and does not any more although the algorithm still reports."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One version of an algorithm that has reported, or that somebody turned on or off."""

    owner: str
    name: str
    version: str
    insights_enabled: bool
    decided_by: DecidedBy
    payloads: int = 0
    """Accepted since it was first seen."""
    disabled: int = 0
    """Payloads not taken in because Insights is off."""
    rate_per_s: float = 0.0
    """Payloads a second, accepted or not, over about the last ten seconds."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    """Of the latest payload, accepted or not; `None` where none came yet."""
    metric_count: int = 0
    """Names seen, `metrics_beyond` not among them."""
    metrics_beyond: int = 0
    """Reports of further names, beyond the number that is kept apart."""
    metrics: tuple[SeenMetric, ...] = ()
    """In order of names. Empty in a list, unless it was asked for with `metrics=1`."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What somebody set for an algorithm, or for one version of it."""

    owner: str
    name: str
    version: str | None
    """`None`: for all versions that have no switch of their own."""
    insights_enabled: bool
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Algorithms:
    """The answer of `GET /v1/admin/algorithms[/{owner}/{name}]`."""

    insights_default: bool
    """Whether Insights is on where no switch says anything (`INSIGHTS_ALGORITHMS__DEFAULT`)."""
    algorithms: tuple[Algorithm, ...]
    """The one that reported last comes first."""
    switches: tuple[Switch, ...] = ()
    """Of whole algorithms and of versions, in order of names."""
    total: int = 0
    """Versions known, those not in this answer too."""
    forgotten: int = 0
    """Versions left out of memory and disk because there were too many, the longest silent first."""
