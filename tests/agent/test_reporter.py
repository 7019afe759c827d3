"""What the reporter remembers from one second to the next."""

from insights_tui.agent.events import EventLog
from insights_tui.agent.reporter import Reporter
from insights_tui.domain.clock import Moment
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Usage
from tests.agent.statuses import NOW, status

LATER = Moment(NOW.wall + 60, NOW.boot + 60)
ROOM = Usage()


def reporter() -> tuple[Reporter, EventLog]:
    made = Reporter(
        mode="service", installation=None, durability="full", max_payloads=10, max_bytes=1000, started_boot=NOW.boot
    )
    return made, EventLog(lambda: NOW.wall)


def test_since_when_something_is_lost_is_known_though_nobody_looked() -> None:
    made, events = reporter()
    counts = Counts(accepted=1, rejected=1)
    made.tick(status(counts=counts, lost_open=1), ROOM, None, events)
    later = status(counts=counts, lost_open=1, at=LATER)
    seen = made.snapshot(later, ROOM, None, events, ingest_url=None, history=0)
    assert [problem.since for problem in seen.problems if problem.code == "lost"] == [NOW.utc]


def test_each_turn_of_ingest_is_one_event() -> None:
    made, events = reporter()
    for usage in (ROOM, Usage(full="the disk is full"), Usage(full="the disk is full"), ROOM, ROOM):
        made.tick(status(), usage, None, events)
    made.tick(status(counts=Counts(accepted=10, queued=10)), ROOM, None, events)
    assert [(event.text, event.count) for event in events.after()] == [
        ("Ingest takes payloads in again.", 1),
        ("Ingest refuses payloads: the queue is full.", 2),  # grouped with the full disk
    ]


def test_the_queue_is_full_by_payloads_or_by_bytes_and_the_disk_goes_first() -> None:
    made, events = reporter()
    for engine, usage, refusing in (
        (status(counts=Counts(accepted=9, queued=9), queue_bytes=1000), ROOM, None),
        (status(counts=Counts(accepted=10, queued=10)), ROOM, Refusal.QUEUE_FULL),
        (status(queue_bytes=1001), ROOM, Refusal.QUEUE_FULL),
        (status(queue_bytes=1001), Usage(writable=False, problem="the disk is read-only"), Refusal.DISK_FULL),
    ):
        seen = made.snapshot(engine, usage, None, events, ingest_url=None, history=0)
        assert seen.refusing is refusing


def test_a_disk_that_others_fill_is_no_change_of_ours() -> None:
    made, events = reporter()
    first, second, third = (
        made.snapshot(status(), usage, None, events, ingest_url=None, history=0).seq
        for usage in (
            Usage(bytes=1, disk_free_bytes=9),
            Usage(bytes=1, disk_free_bytes=8),
            Usage(bytes=2, disk_free_bytes=8),
        )
    )
    assert first == second
    assert third == second + 1


def test_a_clock_that_somebody_set_is_one_event_in_words() -> None:
    made, events = reporter()
    made.tick(status(), ROOM, None, events)
    made.tick(status(at=Moment(NOW.wall - 7199, NOW.boot + 1)), ROOM, None, events)
    made.tick(status(at=Moment(NOW.wall - 7198, NOW.boot + 2)), ROOM, None, events)
    (event,) = [event for event in events.after() if event.code == "clock_jump"]
    assert event.text == "The wall clock was set back by 2h 00m; deadlines follow the boot-time clock."
