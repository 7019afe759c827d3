"""A stop waits while acknowledgements come, and not for a Kafka that is silent."""

from insights_tui.delivery.drain import LOOK_S, NO_PROGRESS_S, Patience


def test_it_waits_while_acknowledgements_come_and_ends_with_the_last() -> None:
    patience = Patience(1000, 0.0, grace_s=60.0)
    assert all(patience.go_on(pending, (1000 - pending) * NO_PROGRESS_S / 20) for pending in range(1000, 0, -1))
    assert not patience.go_on(0, 50.0)


def test_it_gives_a_silent_kafka_up() -> None:
    patience = Patience(5, 0.0, grace_s=60.0)
    looks = 0
    while patience.go_on(5, looks * LOOK_S):
        looks += 1
    assert abs(looks * LOOK_S - NO_PROGRESS_S) < 2 * LOOK_S


def test_it_keeps_to_its_grace_although_acknowledgements_come() -> None:
    patience = Patience(100, 0.0, grace_s=0.5)
    assert patience.go_on(99, 0.49)
    assert not patience.go_on(98, 0.5)


def test_no_grace_is_no_waiting() -> None:
    assert not Patience(5, 7.0, grace_s=0.0).go_on(5, 7.0)


def test_a_process_that_was_held_up_does_not_take_its_own_silence_for_kafkas() -> None:
    patience = Patience(5, 0.0, grace_s=60.0)
    assert patience.go_on(5, 3 * NO_PROGRESS_S)
    assert patience.go_on(4, 3 * NO_PROGRESS_S + LOOK_S)
