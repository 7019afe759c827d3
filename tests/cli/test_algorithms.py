"""The verb `algorithms`: lists for people and programs, and the switch."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from insights_tui.cli.algorithms import metric_rows, row_of
from insights_tui.domain.algorithms import Algorithm, Algorithms, SeenMetric, Switch
from tests.cli.conftest import Run
from tests.cli.fake_agent import FakeAgent

ROOT = "/v1/admin/algorithms"
AT = datetime(2026, 11, 22, 12, 4, 31, tzinfo=UTC)
ONE = Algorithm(
    "acme", "score\x1b[31m", "1.0.6", insights_enabled=True, decided_by="default", payloads=7, rate_per_s=0.7,
    last_at=AT, metric_count=2,
    metrics=(
        SeenMetric("risk", "number", 0.2, 0.1, 0.9, 7, AT),
        SeenMetric("label", "dropped", None, None, None, 2, AT, stopped=True),
    ),
)  # fmt: skip
LISTED = Algorithms(
    insights_default=False,
    algorithms=(ONE,),
    switches=(
        Switch("acme", "score", None, insights_enabled=False, changed_at=AT, changed_by="ann"),
        Switch("acme", "score", "1.0.6", insights_enabled=True, changed_at=AT, changed_by="ann"),
    ),
    total=3,
)


def test_a_version_is_a_line_and_its_metrics_are_below() -> None:
    assert "\x1b" not in row_of(ONE)
    assert "7 payloads, 0.7/s, last 2026-11-22 12:04:31Z, 2 metrics" in row_of(ONE)
    off = replace(ONE, insights_enabled=False, disabled=3, last_at=None, payloads=1, metric_count=1)
    assert "1 payload, 3 not taken, 0.7/s, has not reported, 1 metric" in row_of(off)
    assert metric_rows(replace(ONE, metrics_beyond=4)) == [
        "     risk: last 0.2, 0.1 to 0.9, 7 times",
        "     label: no number, 2 times, reported as dropped, does not come any more",
        "     and 4 reports of further names",
    ]


def test_the_list_says_what_rules(run: Run, agent: FakeAgent) -> None:
    agent.says(f"GET {ROOT}", LISTED)
    ended = run("algorithms", "--socket", agent.socket)
    assert ended.code == 0
    assert ended.out.splitlines()[1] == "off  acme/score: all versions without a switch of their own"
    assert "2 more are known." in ended.err
    assert "Insights is off for those that nobody turned on or off." in ended.err
    listed = run("algorithms", "list", "--json", "--socket", agent.socket)
    assert json.loads(listed.out)["algorithms"][0]["version"] == "1.0.6"


def test_one_version_is_shown_with_its_metrics(run: Run, agent: FakeAgent) -> None:
    agent.says(f"GET {ROOT}/acme/score/1.0.6", ONE)
    ended = run("algorithms", "list", "acme/score/1.0.6", "--socket", agent.socket)
    assert (ended.code, len(ended.out.splitlines())) == (0, 3)
    assert run("algorithms", "list", "acme/score/2", "--socket", agent.socket).code == 1
    assert run("algorithms", "list", "acme/score", "--socket", agent.socket).code == 2


@pytest.mark.parametrize(
    ("verb", "sent", "said"),
    [
        ("enable", True, "Insights is on for acme/score."),
        ("disable", False, "Insights is off for acme/score."),
        ("reset", None, "Insights follows what is more general again for acme/score."),
    ],
)
def test_the_switch(run: Run, agent: FakeAgent, verb: str, sent: bool | None, said: str) -> None:
    agent.says(f"PUT {ROOT}/acme/score", LISTED)
    ended = run("algorithms", verb, "acme/score", "--socket", agent.socket)
    assert (ended.code, ended.out.strip()) == (0, said), ended.err
    assert agent.requests[-1].json == {"insights_enabled": sent}
    assert ("Version 1.0.6 stays as set for it" in ended.err) is (verb == "disable")


@pytest.mark.parametrize("name", ["score\x1b[31m", "a\nb", "\u202egnp", "a/b", "..", "\0", "C:\\t", " "])
def test_a_name_is_given_as_the_list_spells_it(run: Run, agent: FakeAgent, name: str) -> None:
    agent.says(f"GET {ROOT}", replace(LISTED, algorithms=(replace(ONE, name=name),)))
    agent.says(f"PUT {ROOT}", LISTED)
    agent.says(f"PUT {ROOT}/acme/{quote(name, safe='')}/1.0.6", LISTED)
    listed = run("algorithms", "--socket", agent.socket).out.splitlines()[0]
    spelled = listed.removeprefix("on   ").partition(": ")[0]
    assert spelled.isprintable()
    ended = run("algorithms", "disable", spelled, "--socket", agent.socket)
    assert (ended.code, ended.out.strip()) == (0, f"Insights is off for {spelled}."), ended.err
    asked = agent.requests[-1]
    meant = {"owner": "acme", "name": name, "version": "1.0.6"}
    assert asked.json == {"insights_enabled": False, **(meant if asked.path == ROOT else {})}


@pytest.mark.parametrize("name", ["acme", "a/b/c/d", "acme//1", r"\ud800/x", "a" * 257 + "/x"])
def test_a_name_that_is_none_is_usage(run: Run, agent: FakeAgent, name: str) -> None:
    assert run("algorithms", "enable", name, "--socket", agent.socket).code == 2
    assert not agent.requests
