"""The Delivery view: partitions that fare alike share a row, a leader that is down is never ok, outcomes add up."""

from collections.abc import Sequence
from dataclasses import replace

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Capacity, Counts, Partition, Snapshot
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line, plain
from insights_tui.tui.views.delivery.charts import Charts
from insights_tui.tui.views.delivery.flow import Flow
from insights_tui.tui.views.delivery.lanes import Lanes
from insights_tui.tui.views.delivery.outcomes import Outcomes, Room
from tests.tui import samples
from tests.tui.driving import desk

NARROW, WALL = Space(80, 24), Space(200, 60)


def scene(snapshot: Snapshot, space: Space = NARROW) -> Scene:
    return Scene(Frame(snapshot, snapshot.history), space, space.width - 1)


def written(lines: Sequence[Line]) -> list[str]:
    return [plain(line).strip() for line in lines]


def inked(lines: Sequence[Line], token: str) -> str:
    return " ".join(part for line in lines for part, ink in line if ink == token)


def test_partitions_of_one_leader_that_fare_alike_share_a_row_and_the_worst_come_first() -> None:
    rows = written(Lanes().lines(scene(samples.DEGRADED)))
    assert rows[1].startswith("3, 7, 11")
    assert "no leader" in rows[1]
    assert rows[1].endswith("with a leader")
    assert len(rows) == 4
    assert len(written(Lanes().lines(scene(samples.DEGRADED, WALL)))) == 14  # a row each, heading, summary


def test_a_partition_whose_leader_is_down_is_not_told_to_be_ok() -> None:
    snapshot = replace(samples.DEGRADED, partitions=(Partition(0, 1, "ok"), Partition(1, 2, "ok")))
    assert [broker.id for broker in snapshot.brokers if broker.state == "down"] == [2]
    lines = Lanes().lines(scene(snapshot, WALL))
    assert written(lines)[0].startswith("1 of 2 not ok")
    assert "leader down" in written(lines)[2]
    assert "leader down" in inked(lines, "bad")
    assert written(lines)[3].startswith("0  1 kafka-1")


def test_where_no_partition_works_nothing_is_said_to_go_through_others() -> None:
    snapshot = replace(samples.DEGRADED, partitions=(Partition(0, None, "no_leader"),))
    assert written(Lanes().lines(scene(snapshot, WALL)))[0] == "none of 1 partition is ok"


def test_many_partitions_are_written_as_spans_and_a_cut_is_marked() -> None:
    snapshot = replace(
        samples.CONNECTED,
        partitions=tuple(Partition(number, 1 if number < 20 else 2 + number % 2, "ok") for number in range(90)),
    )
    rows = written(Lanes().lines(scene(snapshot)))
    assert rows[1].startswith("0-19 ")
    assert "…" in rows[2]
    assert all(len(row) < 80 for row in rows)


def test_every_outcome_has_a_row_and_what_was_lost_lately_alone_is_loud() -> None:
    history = samples.CONNECTED.history
    lost = replace(history[-1], lost=5, expired_unsent=5)
    snapshot = replace(
        samples.CONNECTED,
        counts=Counts(accepted=12, delivered=3, rejected=2, expired_unsent=5, expired_unknown=1, damaged=1),
        history=(*history[:-1], lost),
        lost_open=4,
        redriven=5,
        refused={Refusal.QUEUE_FULL: 1_234},
    )
    lines = Outcomes().lines(scene(snapshot, WALL))
    told = {row.split("  ")[0]: row.split()[1:] for row in written(lines)}
    assert [told[name][0] for name in ("delivered", "rejected", "damaged", "refused")] == ["3", "2", "1", "1,234"]
    assert written(lines)[3].split()[:4] == ["expired", "unsent", "5", "5"]
    assert "queue full" in told
    assert written(lines)[-1] == "4 of 9 lost are open · 5 redriven"
    assert inked(lines, "bad").split() == ["5"]
    assert "all dealt with" in written(Outcomes().lines(scene(replace(snapshot, lost_open=0))))[-1]


def test_a_queue_that_is_nearly_full_is_told_as_a_warning() -> None:
    full = replace(samples.CONNECTED, capacity=Capacity("full", 19, 20, 1, 100, 1 << 30))
    lines = Room().lines(scene(full))
    assert written(lines)[1].split("  ")[0] == "95 %"
    assert inked(lines, "warn") == "95 %"
    assert "1.0 GiB" in written(lines)[1]


def test_payloads_that_wait_are_told_without_a_connection_too() -> None:
    none = replace(samples.NONE, counts=Counts(accepted=7, queued=7), next_loss_s=0.4)
    rows = written(Flow().lines(scene(none)))
    assert rows[-1].split()[0] == "7"
    assert "now" in rows[-1]
    empty = written(Flow().lines(scene(samples.NONE)))
    assert empty[0] == "No connection: nothing is delivered.  c connects to Kafka."
    assert "What will stand here" in " ".join(empty)
    assert Charts().lines(scene(samples.NONE)) == []


def test_what_was_ever_lost_is_told_where_the_last_minutes_lost_nothing() -> None:
    snapshot = replace(samples.CONNECTED, counts=Counts(accepted=222, expired_unsent=222))
    row = next(row for row in written(Charts().lines(scene(snapshot))) if row.startswith("lost"))
    assert row.split()[1] == "222"
    assert row.endswith("max 0/s")


async def test_the_page_tells_what_is_below_when_it_is_scrolled_down() -> None:
    async with desk(samples.DEGRADED) as seated:
        await seated.press("2")
        await seated.until_shown("partitions")
        await seated.press("end")
        await seated.until_shown("expired unknown")
