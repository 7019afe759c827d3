"""The calls about algorithms: what they ask of the agent, in every form that is accepted."""

from typing import Any

import pytest

from insights_tui.client.api import AgentClient
from insights_tui.domain.algorithms import Which
from tests.http.conftest import Served

ON = {"insights_enabled": True}


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/acme/score", ON, (Which("acme", "score"), True)),
        ("/acme/score/1.0.6", {"insights_enabled": False}, (Which("acme", "score", "1.0.6"), False)),
        ("/acme/score", {"insights_enabled": None}, (Which("acme", "score"), None)),
        ("/acme/score", {"settings": ON, "details": {"label": "x"}}, (Which("acme", "score"), True)),
        (
            "/acme/score",
            {"version_info": {"semantic_version": "1.0.6", **ON}},
            (Which("acme", "score", "1.0.6"), True),
        ),
        (
            "/acme/score/2.0.0",
            {"version_info": {"semantic_version": "1.0.6", **ON}},
            (Which("acme", "score", "2.0.0"), True),
        ),
        ("", {"owner": "acme", "name": "score", **ON}, (Which("acme", "score"), True)),
        ("/a%20b/%E2%82%AC", ON, (Which("a b", "€"), True)),
    ],
)
async def test_insights_are_turned_on_in_our_form_and_in_the_original_s(
    served: Served, path: str, body: dict[str, Any], expected: tuple[Which, bool | None]
) -> None:
    answer = await served.unix.put(f"/v1/admin/algorithms{path}", json=body)
    assert answer.status_code == 200, answer.text
    assert served.control.asked[0][:3] == ("switch", *expected)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/acme/score", {}, "nothing about insights_enabled"),
        ("/acme/score", {"insights_enabled": "yes"}, "true, false or null"),
        ("/acme/score", {"insights_enabled": 1}, "true, false or null"),
        ("/acme/score", {**ON, "settings": {"insights_enabled": False}}, "not the same"),
        ("", ON, "The owner must be"),
        ("", {"owner": "o" * 300, "name": "n", **ON}, "The owner must be"),
        ("/acme/" + "n" * 300, ON, "The name must be"),
        ("", {"owner": "o", "name": "", **ON}, "The name must be"),
    ],
)
async def test_what_does_not_say_what_is_refused(served: Served, path: str, body: dict[str, Any], says: str) -> None:
    answer = await served.unix.put(f"/v1/admin/algorithms{path}", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]
    assert not served.control.asked


async def test_they_are_control_calls(served: Served) -> None:
    assert (await served.tcp.get("/v1/admin/algorithms")).status_code == 403
    assert (await served.tcp.put("/v1/admin/algorithms/a/b", json=ON)).status_code == 403
    plain = await served.unix.put("/v1/admin/algorithms/a/b", content=b"{}", headers={"content-type": "text/plain"})
    assert plain.status_code == 415


async def test_lists_and_versions_are_told(served: Served) -> None:
    assert (await served.unix.get("/v1/admin/algorithms?metrics=1&limit=7")).json()["insights_default"] is True
    await served.unix.get("/v1/admin/algorithms/acme/score")
    assert (await served.unix.get("/v1/admin/algorithms/acme/score/1.0.6")).json()["version"] == "1.0.6"
    assert (await served.unix.get("/v1/admin/algorithms/acme/unknown/1")).status_code == 404
    assert (await served.unix.get("/v1/admin/algorithms?limit=x")).status_code == 400
    assert served.control.asked == [
        ("algorithms", None, None, True, 7),
        ("algorithms", "acme", "score", False, 1000),
        ("algorithm", Which("acme", "score", "1.0.6")),
        ("algorithm", Which("acme", "unknown", "1")),
    ]


@pytest.mark.parametrize(
    "name",
    ["a/b", "\x1b[31mred", "\0", "a\nb", "\u202egnp", "\x9b2J", " ", ".", "..", "a?b#c", "%41", "表", "\U0010ffff"],
)
async def test_any_name_that_can_be_reported_is_switched_and_told(served: Served, name: str) -> None:
    which = Which(name, f"{name}c", f"1{name}") if "." not in name else Which("o", name, name)
    client = AgentClient(served.path)
    try:
        await client.switch(which, on=False)
        await client.switch(which._replace(version=None), on=None)
        found = await client.algorithm(which)
    finally:
        await client.close()
    assert found is not None
    switched = [asked[1:3] for asked in served.control.asked if asked[0] == "switch"]
    assert switched == [(which, False), (which._replace(version=None), None)]
    assert [asked for asked in served.control.asked if asked[0] == "algorithm"] == [("algorithm", which)]
