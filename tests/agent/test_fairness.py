"""The last room of the queue is for those who did not fill it."""

from insights_tui.domain.fairness import MAX_SOURCES, WINDOW_S, Fairness

FLOOD, QUIET = ("acme", "flood"), ("acme", "quiet")


def test_while_there_is_room_nobody_is_refused() -> None:
    fairness = Fairness()
    assert all(fairness.admits(FLOOD, 1000, fill=0.89, now=1.0) for _ in range(100))


def test_a_source_alone_may_fill_the_queue() -> None:
    fairness = Fairness()
    assert all(fairness.admits(FLOOD, 1000, fill=0.99, now=1.0) for _ in range(100))


def test_the_last_room_is_kept_for_the_quiet_one() -> None:
    fairness = Fairness()
    fairness.admits(QUIET, 1, fill=0.5, now=1.0)
    fairness.admits(FLOOD, 1000, fill=0.5, now=1.0)
    assert not fairness.admits(FLOOD, 1, fill=0.95, now=1.0)
    assert fairness.admits(QUIET, 1, fill=0.95, now=1.0)


def test_one_that_comes_for_the_first_time_is_let_in() -> None:
    fairness = Fairness()
    fairness.admits(FLOOD, 1000, fill=0.5, now=1.0)
    assert fairness.admits(QUIET, 1, fill=0.99, now=1.0)
    assert not fairness.admits(FLOOD, 1, fill=0.99, now=1.0)


def test_what_was_taken_long_ago_is_forgotten() -> None:
    fairness = Fairness()
    fairness.admits(QUIET, 1, fill=0.5, now=1.0)
    fairness.admits(FLOOD, 1000, fill=0.5, now=1.0)
    assert fairness.admits(FLOOD, 1, fill=0.95, now=1.0 + 2 * WINDOW_S)


def test_two_that_want_all_of_it_get_halves() -> None:
    fairness = Fairness()
    taken = {FLOOD: 0, QUIET: 0}
    for _ in range(1000):
        for source in taken:
            taken[source] += fairness.admits(source, 1, fill=0.95, now=1.0)
    assert min(taken.values()) * 1.1 > max(taken.values())


def test_sources_without_end_cost_no_memory_without_end() -> None:
    fairness = Fairness()
    for number in range(5 * MAX_SOURCES):
        fairness.admits(("acme", str(number)), 1, fill=0.1, now=1.0)
    assert len(fairness._new) <= MAX_SOURCES + 1
