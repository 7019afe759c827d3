"""How the rows of a narrow page are shared out."""

import pytest

from insights_tui.tui.panels.arrange import AIR, share


@pytest.mark.parametrize("card", [True, False])
@pytest.mark.parametrize("events", [0, 1, 2])
@pytest.mark.parametrize("brokers", [1, 2, 4, 5])
@pytest.mark.parametrize("figures", [6, 7, 8])
def test_no_more_rows_are_given_than_there_are(figures: int, brokers: int, events: int, card: bool) -> None:
    for room in range(figures, 40):
        plan = share(room, figures=figures, brokers=brokers, events=events, card=card)
        lines = events if plan.events is None else 0
        given = figures + (plan.trends or 0) + (plan.card or 0) + (plan.brokers or 0) + len(plan.air)
        assert given + min(lines, 1) <= room
        assert plan.brokers in (0, *range(min(brokers, 2), brokers + 1))  # never a heading alone


def test_what_is_needed_most_comes_first_and_what_is_left_is_air() -> None:
    squeezed = share(10, figures=7, brokers=4, events=2, card=False)
    assert (squeezed.trends, squeezed.brokers, squeezed.events, squeezed.air) == (3, 0, 0, ())
    usual = share(18, figures=6, brokers=4, events=2, card=False)
    assert (usual.trends, usual.brokers, usual.events) == (3, 4, None)
    assert usual.air == ("figures", "lower", "times")
    calm = share(21, figures=6, brokers=4, events=1, card=True)
    assert (calm.card, set(calm.air)) == (2, set(AIR))
