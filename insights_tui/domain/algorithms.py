"""Algorithms as people see them: which report, what they report, and whether Insights is on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from insights_tui.domain.report import MetricKind

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, of bytes that are no UTF-8: no report holds it, and no answer can."""
MAX_NAME = 256
"""Characters of an owner, a name or a version; as in a payload (`domain.report.MAX_TEXT`)."""
MAX_PAYLOAD = 4096
"""Bytes of a latest payload that is kept for a version; 25 metrics of common names take about 1 KB."""
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
    payload: str | None = None
    """The latest accepted payload as it is published (JSON), where one version is asked for and it is not too long."""
    payload_bytes: int = 0
    """Its length, also where it is too long to be kept."""
    payload_at: datetime | None = None
    """When it was accepted, to a second."""


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


def read_which(owner: object, name: object, version: object) -> Which:
    """Read which algorithm is meant, by any name that can be reported; raises `ValueError` with a whole sentence.

    Names in the body of a report may hold what no terminal shows: they are listed, so they can be switched.
    """
    for field, value in (("owner", owner), ("name", name), ("version", version)):
        if value is None and field == "version":
            continue
        if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or _SURROGATE.search(value):
            raise ValueError(f"The {field} must be 1 to {MAX_NAME} characters.")
    return Which(str(owner), str(name), None if version is None else str(version))


def read_switch(body: Mapping[str, object], which: Which | None) -> tuple[Which, bool | None]:
    """Read whether Insights is to be on; `None` takes a switch back. Raises `ValueError` with a whole sentence.

    The flag may stand where the original's clients put it (contract.md §4): at the top, in `settings`, or in
    `version_info`, whose `semantic_version` names the version where the path does not.
    """
    settings, version_info = body.get("settings"), body.get("version_info")
    places = [place for place in (body, settings, version_info) if isinstance(place, Mapping)]
    flags = [place["insights_enabled"] for place in places if "insights_enabled" in place]
    if not flags:
        raise ValueError("The body says nothing about insights_enabled.")
    on = flags[0]
    if on is not None and not isinstance(on, bool):
        raise ValueError("insights_enabled must be true, false or null.")
    if any(flag is not on for flag in flags):
        raise ValueError("insights_enabled is given more than once, and not the same.")
    if which is None:
        which = read_which(body.get("owner"), body.get("name"), body.get("version"))
    if which.version is None and isinstance(version_info, Mapping) and "insights_enabled" in version_info:
        which = read_which(which.owner, which.name, version_info.get("semantic_version"))
    return which, on
