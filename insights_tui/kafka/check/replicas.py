"""What the metadata tells of the topic's replicas: brokers that are gone or behind, and what that costs. Pure.

A broker that is down is left out of the cluster's answer a few seconds later: only its replicas still speak of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from insights_tui.domain.check import Finding
from insights_tui.domain.text import counted, sanitize
from insights_tui.kafka.check.questions import MIN_INSYNC
from insights_tui.kafka.check.scene import Scene
from insights_tui.kafka.view import PartitionView, View

GONE, BEHIND, TOO_FEW = "broker_missing", "replicas_out_of_sync", "too_few_in_sync"
_NAMED = 8
"""Partitions or brokers that one sentence names."""


class _Told(NamedTuple):
    scene: Scene
    view: View
    least: int | None
    """The topic's min.insync.replicas, where it was told."""


def replicas(scene: Scene) -> list[Finding]:
    """Tell whose replicas are missing, worst first; the answer that tells of most trouble is believed."""
    views = [one.view for one in scene.up if one.view is not None and one.view.partitions]
    if not views:
        return []
    view = max(views, key=lambda one: sum(map(amiss, one.partitions.values())))
    settings: dict[str, str] = next((dict(one.configs) for one in scene.seen if one.configs), {})
    least = settings.get(MIN_INSYNC, "")
    told = _Told(scene, view, int(least) if least.isdigit() else None)
    return [*_too_few(told), *_gone(told), *_behind(told)]


def amiss(part: PartitionView) -> bool:
    """Tell whether a partition has no leader, or a replica that is not in sync."""
    return part.leader is None or len(part.in_sync) < len(part.held_by)


def missing(view: View, partitions: Iterable[PartitionView]) -> list[int]:
    """List the brokers that are to hold these partitions and that the cluster does not report."""
    return sorted({number for part in partitions for number in part.held_by if number not in view.brokers})


def brokers(numbers: Sequence[int]) -> str:
    """Name brokers in a sentence."""
    return f"{'broker' if len(numbers) == 1 else 'brokers'} {_listed(numbers)}"


def partitions(numbers: Sequence[int], total: int) -> str:
    """Name partitions in a sentence, or count them where they are many."""
    if len(numbers) == total > 1:
        return "both partitions" if total == 2 else f"all {total} partitions"
    if len(numbers) > _NAMED:
        return f"{len(numbers)} of {total} partitions"
    return f"{'partition' if len(numbers) == 1 else 'partitions'} {_listed(numbers)}"


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(number) for number in numbers[:_NAMED]]
    if len(numbers) > _NAMED:
        shown.append(f"{len(numbers) - _NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _too_few(told: _Told) -> Iterator[Finding]:
    least = told.least or 0
    short = {
        number: len(part.in_sync)
        for number, part in told.view.partitions.items()
        if part.leader is not None and part.in_sync and len(part.in_sync) < least
    }
    if not short:
        return
    have = sorted(set(short.values()))
    in_sync = counted(have[0], "replica") if len(have) == 1 else f"{have[0]} to {have[-1]} replicas"
    parts = [told.view.partitions[number] for number in short]
    away = sorted({number for part in parts for number in part.held_by if number not in part.in_sync})
    yield _finding(
        TOO_FEW,
        f"{_capital(_partitions(told, list(short)))} {'takes' if len(short) == 1 else 'take'} no payloads: {in_sync} "
        f"{'is' if in_sync == '1 replica' else 'are'} in sync, and {MIN_INSYNC} is {least}.",
        f"Bring {brokers(away)} back, or let the cluster's administrator lower {MIN_INSYNC} of the topic.",
    )


def _gone(told: _Told) -> Iterator[Finding]:
    led = {number: part for number, part in told.view.partitions.items() if part.leader is not None}
    gone = missing(told.view, led.values())  # a partition without a leader is a failure of its own
    if not gone:
        return
    held = [number for number, part in led.items() if set(part.held_by) & set(gone)]
    answering = [number for number in gone if any(one.node_id == number for one in told.scene.up)]
    one = len(gone) == 1
    which = _capital(brokers(gone))
    where = f"{_partitions(told, held)} {'has' if len(held) == 1 else 'have'} a replica there that is out of sync"
    if answering == gone:
        yield _finding(
            GONE,
            f"{which} {'answers' if one else 'answer'} here, but the rest of the cluster does not report "
            f"{'it' if one else 'them'}; {where}.",
            f"Look at the log of {brokers(gone)}, and at the network between {'it' if one else 'them'} and the "
            f"cluster's controllers: {_stake(told, held)}.",
        )
        return
    yield _finding(
        GONE,
        f"{which} {'is' if one else 'are'} not reported by the cluster; {where}.",
        f"Look whether {brokers(gone)} {'runs' if one else 'run'}, and at {'its log' if one else 'their logs'}: "
        f"{_stake(told, held)}.",
    )


def _behind(told: _Told) -> Iterator[Finding]:
    late: dict[int, list[int]] = {}
    for number, part in told.view.partitions.items():
        for broker in part.held_by:
            if broker in told.view.brokers and part.in_sync and broker not in part.in_sync:
                late.setdefault(broker, []).append(number)
    if not late:
        return
    held = sorted({number for numbers in late.values() for number in numbers})
    one = len(late) == 1
    yield _finding(
        BEHIND,
        f"{_capital(brokers(sorted(late)))} {'is' if one else 'are'} behind: {'its' if one else 'their'} replicas of "
        f"{_partitions(told, held)} are out of sync.",
        f"After a start this takes a while; if it lasts, look at the log, the disk and the network of "
        f"{brokers(sorted(late))}: {_stake(told, held)}.",
    )


def _stake(told: _Told, numbers: Sequence[int]) -> str:
    fewest = min(len(told.view.partitions[number].in_sync) for number in numbers)
    these = "this partition takes" if len(numbers) == 1 else "these partitions take"
    if told.least is not None and fewest < told.least:
        return f"until then {these} no payloads"
    if told.least is not None and fewest == told.least:
        return f"with one more broker down, {these} no payloads"
    return "until then payloads lie on fewer brokers than they should"


def _partitions(told: _Told, numbers: Sequence[int]) -> str:
    topic = sanitize(told.scene.connection.topic, limit=100)
    return f"{partitions(sorted(numbers), len(told.view.partitions))} of {topic}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _finding(code: str, what: str, fix: str) -> Finding:
    return Finding(code, sanitize(what, limit=800), sanitize(fix, limit=800))
