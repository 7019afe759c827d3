"""Keys by the ids of acts: every id is known, what is wrong is named, and each act keeps a key of its own."""

import pytest

from insights_tui.tui.keymap import acts, named, normalised, problems


def test_every_act_has_an_id_of_its_own_and_a_meaning() -> None:
    known = acts()
    assert {"app.quit", "insights.freeze", "view.lost", "rows.down", "lost.redrive", "form.test"} <= {
        act.id for act in known
    }
    assert all(act.meaning and act.keys for act in known)


def test_the_keys_that_there_are_need_no_repair() -> None:
    assert problems({act.id: ",".join(act.keys) for act in acts() if act.id.startswith(("insights.", "view."))}) == []


@pytest.mark.parametrize(
    ("keymap", "said"),
    [
        ({"insights.freze": "f5"}, "There is no such act. Did you mean insights.freeze?"),
        ({"zzz": "f"}, "There is no such act. `insights-tui config keys` lists them all."),
        ({"insights.freeze": "ctl+k"}, "ctl+k is no key. Write a character, f5, ctrl+k, or several: f5,ctrl+k."),
        ({"insights.freeze": ""}, "Nothing is no key. Write a character, f5, ctrl+k, or several: f5,ctrl+k."),
        ({"insights.freeze": "c"}, "c is the key of insights.connect, too (Connect or edit)."),
        ({"algorithms.switch": "q"}, "q is the key of app.quit, too (Quit)."),
        ({"insights.freeze": "l"}, "l is the key of events.level, too (Level: all, warnings, errors)."),
    ],
)
def test_what_is_wrong_is_named(keymap: dict[str, str], said: str) -> None:
    assert f"{problems(keymap)[0].message} {problems(keymap)[0].hint}".startswith(said)


def test_two_acts_may_change_keys() -> None:
    assert problems({"insights.connect": "t", "insights.test": "c"}) == []
    assert problems({"insights.connect": "z", "insights.test": "z"})
    assert problems({"insights.freeze": "f5,?"})[0].message.startswith("question_mark is the key of insights.help")
    assert named("?,ctrl+k") == ("question_mark", "ctrl+k")
    assert normalised({"insights.freeze": "!"}) == {"insights.freeze": "exclamation_mark"}
