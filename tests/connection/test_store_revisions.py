"""Earlier connections, and the way back to them."""

from dataclasses import replace
from pathlib import Path

import pytest

from insights_tui.agent.store import ConnectionStore
from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import RefusedError
from tests.connection.pki import NOW
from tests.connection.stored import CONNECTION, MARKER, PLAINTEXT, files, reloaded, save


def test_the_last_ten_revisions_are_kept_with_their_passwords(state: Path) -> None:
    store = ConnectionStore(state)
    for number in range(12):
        save(store, replace(CONNECTION, topic=f"topic-{number}", password=Secret(f"{MARKER}-{number}")))
    text = (state / "connection.json").read_text()
    assert [f'"topic-{number}"' in text for number in range(12)] == [False] * 2 + [True] * 10
    assert files(state) == ["connection.json", *sorted(f"secrets/connection-{n}.json" for n in range(3, 13))]
    stored, _ = reloaded(state)
    assert stored is not None
    assert stored.connection.password == Secret(f"{MARKER}-11")


def test_one_can_go_back_to_any_kept_revision_with_its_password(state: Path) -> None:
    store = ConnectionStore(state)
    for number in range(12):
        save(store, replace(CONNECTION, topic=f"topic-{number}", password=Secret(f"{MARKER}-{number}")))
    again = ConnectionStore(state)
    again.load()
    told = again.revisions()
    assert [(each.revision, each.topic, each.in_use) for each in told] == [
        (number + 1, f"topic-{number}", number == 11) for number in range(11, 1, -1)
    ]
    assert [each.why_not for each in told] == ["Revision 12 is the one in use."] + [""] * 9
    assert MARKER not in repr(told)
    recalled = again.recall(3).connection
    assert (recalled.topic, recalled.password) == ("topic-2", Secret(f"{MARKER}-2"))


@pytest.mark.parametrize(
    ("revision", "status", "why"),
    [
        (7, 404, "There is no revision 7"),
        (5, 409, "is the one in use"),
        (4, 409, "is a deletion"),
        (2, 409, "erased when the connection was deleted"),
    ],
)
def test_what_one_cannot_go_back_to_says_why(state: Path, revision: int, status: int, why: str) -> None:
    store = ConnectionStore(state)
    save(store, PLAINTEXT)
    save(store)
    save(store)
    store.delete(changed_at=NOW, changed_by="bob")
    save(store)
    assert files(state) == ["connection.json", "secrets/connection-5.json"]
    assert store.recall(1).connection == PLAINTEXT
    with pytest.raises(RefusedError, match=why) as refused:
        store.recall(revision)
    assert refused.value.status == status


def test_a_revision_whose_password_is_damaged_is_refused_without_quoting_it(state: Path) -> None:
    store = ConnectionStore(state)
    save(store)
    save(store, PLAINTEXT)
    (state / "secrets" / "connection-1.json").write_text(f'{{"password": "{MARKER}"')
    with pytest.raises(RefusedError, match="password of revision 1 cannot be read") as refused:
        store.recall(1)
    assert MARKER not in repr(refused.value.errors)
