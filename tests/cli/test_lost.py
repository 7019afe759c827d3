"""`lost`: what is asked of the agent, what is said before an act, and that nothing foreign reaches a terminal raw."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from insights_tui.cli.lost_text import line, lines
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from tests.cli.conftest import Run, program, run_program
from tests.cli.fake_agent import Answer, FakeAgent, Request
from tests.cli.real import real_agent, terminal, until

AT = datetime(2026, 11, 22, 12, 4, 31, 500_000, tzinfo=UTC)
ONE = LostPayload(
    seq=1,
    id="019a0000-0000-7000-8000-000000000001",
    reason=Outcome.EXPIRED_UNSENT,
    why="The deadline passed (never sent). \x1b[2J\u202eKafka said no",
    accepted_at=AT - timedelta(seconds=240),
    lost_at=AT,
    value_bytes=312,
    late_ack=False,
)
TWO = replace(ONE, seq=2, id="019a0000-0000-7000-8000-000000000002", reason=Outcome.REJECTED, why="Too large.")
VALUE = '{"score":1,"algorithm_name":"x"}'


def holds(agent: FakeAgent, *lost: LostPayload) -> None:
    """Have the agent hold these, answered page by page, two at a time."""

    def page(request: Request) -> Answer:
        after = int(asked(request).get("after", "0"))
        found = [one for one in lost if one.seq > after][:2]
        return 200, b"".join(msgspec.json.encode(one) + b"\n" for one in found)

    agent.answers["GET /v1/lost"] = page
    agent.shows(lost_open=len(lost), counts=Counts(accepted=9, delivered=9 - len(lost), expired_unsent=len(lost)))


def asked(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.path).query).items()}


def calls(agent: FakeAgent) -> list[str]:
    return [f"{request.method} {urlsplit(request.path).path}" for request in agent.requests]


def test_the_list_tells_each_in_a_line_and_sums_up(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE, TWO, replace(ONE, seq=3, late_ack=True), replace(ONE, seq=4, state="redriven"))
    ended = run("lost", "list", "--socket", agent.socket)
    assert ended.code == 0
    first, second, third, fourth = ended.out.splitlines()
    assert first.startswith(
        "2026-11-22 12:04:31Z  expired unsent   019a0000-0000-7000-8000-000000000001     312 B  The"
    )
    assert "rejected" in second
    assert "acknowledged late: it is in the topic" in third
    assert "redriven; The deadline" in fourth
    assert "4 lost payloads open. Send again: insights-tui lost redrive." in ended.err
    assert all(text.isprintable() for text in ended.out.splitlines())


def test_filters_reach_the_agent(run: Run, agent: FakeAgent) -> None:
    holds(agent)
    before = datetime.now(UTC)
    ended = run(
        *("lost", "list", "--reason", "rejected,expired-unsent", "--reason", "damaged", "--since", "10m"),
        *("--until", "2026-11-22T14:00:00+01:00", "--id", "a", "--id", "b", "--all", "--socket", agent.socket),
    )
    assert ended.code == 0, ended.err
    query = asked(agent.requests[0])
    assert query["reason"] == "damaged,expired_unsent,rejected"
    assert abs(datetime.fromisoformat(query["since"]) - (before - timedelta(minutes=10))) < timedelta(minutes=1)
    assert query["until"] == "2026-11-22T13:00:00+00:00"
    assert query["id"] == "a,b"
    assert query["state"] == "any"
    assert ended.out == ""
    assert "0 lost payloads (rejected or expired unsent or damaged, lost since" in ended.err


def test_those_without_a_value_are_told_and_how_to_close_them(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE)
    agent.shows(lost_open=5)
    ended = run("lost", "list", "--socket", agent.socket)
    assert "4 values of them had to make room" in ended.err
    assert "lost drop --all" in ended.err


@pytest.mark.parametrize("verb", ["list", "export", "redrive", "drop"])
@pytest.mark.parametrize(
    ("option", "value"),
    [("--reason", "delivered"), ("--since", "noon"), ("--until", "2026-11-22T12:00:00"), ("--id", "")],
)
def test_a_filter_that_is_none_is_usage_and_asks_nothing(
    run: Run, agent: FakeAgent, verb: str, option: str, value: str
) -> None:
    ended = run("lost", verb, option, value, "--socket", agent.socket)
    assert ended.code == 2
    assert option in ended.err
    assert agent.requests == []


def test_json_prints_the_agents_lines_verbatim(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE, TWO, replace(ONE, seq=3))
    ended = run("lost", "list", "--json", "--socket", agent.socket)
    assert [json.loads(text)["seq"] for text in ended.out.splitlines()] == [1, 2, 3]
    assert ended.err == ""
    assert all("values" not in asked(request) for request in agent.requests)


def test_one_is_shown_with_its_value(run: Run, agent: FakeAgent) -> None:
    agent.says(f"GET /v1/lost/{ONE.id}", replace(ONE, value=VALUE))
    ended = run("lost", "show", ONE.id, "--socket", agent.socket)
    assert ended.code == 0
    assert f"Value:         {VALUE}" in ended.out.splitlines()
    assert "Accepted:      2026-11-22 12:00:31Z, lost 4m 00s later" in ended.out
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out


def test_what_cannot_be_read_says_so() -> None:
    damaged = replace(ONE, id="", reason=Outcome.DAMAGED, accepted_at=None, value_bytes=0)
    said = "\n".join(lines(damaged))
    assert "Value:         cannot be read any more" in said
    assert "no id" in line(damaged)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_id_that_is_not_lost_is_1(run: Run, agent: FakeAgent, options: tuple[str, ...]) -> None:
    ended = run("lost", "show", "a/../b c", *options, "--socket", agent.socket)
    assert ended.code == 1
    assert "No lost payload has the id 'a/../b c'" in ended.err
    assert agent.requests[0].path == "/v1/lost/a%2F..%2Fb%20c"
    if options:
        assert list(json.loads(ended.out)) == ["error"]


def test_an_export_is_lines_with_values(run: Run, agent: FakeAgent) -> None:
    holds(agent, replace(ONE, value=VALUE), replace(TWO, value=VALUE), replace(ONE, seq=3, value=None))
    ended = run("lost", "export", "--reason", "expired", "--socket", agent.socket)
    assert ended.code == 0
    exported = [json.loads(text) for text in ended.out.splitlines()]
    assert [one["value"] for one in exported] == [VALUE, VALUE, None]
    assert asked(agent.requests[0])["values"] == "1"
    assert asked(agent.requests[0])["reason"] == "expired_unknown,expired_unsent"
    assert ended.err == "Exported 3 lost payloads.\n"


def test_a_redrive_says_first_what_it_does(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE, replace(TWO, reason=Outcome.EXPIRED_UNKNOWN))
    agent.says("POST /v1/lost/redrive", {"redriven": 2, "lost_open": 1})
    ended = run("lost", "redrive", "--yes", "--socket", agent.socket)
    assert ended.code == 0
    assert (
        "2 lost payloads (1 expired unsent, 1 expired unknown) are queued again for the topic insights,"
        " with the same id and a new deadline." in ended.err
    )
    assert "may be in the topic already" in ended.err
    assert ended.out == "2 payloads redriven; 1 lost payload open.\n"
    preview = asked(agent.requests[0])
    assert (preview["reason"], preview["late_acks"]) == ("expired_unknown,expired_unsent", "0")
    assert agent.requests[-1].json == {"all": False}


def test_a_redrive_of_everything_and_of_one(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE)
    agent.says("POST /v1/lost/redrive", {"redriven": 1, "lost_open": 0})
    agent.shows(connection=None)
    ended = run("lost", "redrive", "--all", "--since", "1h", "--yes", "--socket", agent.socket)
    assert "1 lost payload (1 expired unsent) is queued again, with" in ended.err
    assert "There is no connection" in ended.err
    assert "may be in the topic" not in ended.err
    assert agent.requests[-1].json["all"] is True
    assert "late_acks" not in asked(agent.requests[0])
    run("lost", "redrive", "--id", ONE.id, "--yes", "--socket", agent.socket)
    assert agent.requests[-1].json == {"id": ONE.id, "all": False}


def test_nothing_to_redrive_is_fine_and_said(run: Run, agent: FakeAgent) -> None:
    holds(agent)
    ended = run("lost", "redrive", "--socket", agent.socket)
    assert ended.code == 0
    assert "No lost payload to redrive" in ended.out
    assert calls(agent) == ["GET /v1/lost"]


def test_damaged_ones_cannot_be_sent(run: Run, agent: FakeAgent) -> None:
    ended = run("lost", "redrive", "--reason", "damaged", "--yes", "--socket", agent.socket)
    assert ended.code == 2
    assert "cannot be sent again" in ended.err


def test_a_redrive_that_stopped_half_way_is_1(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE)
    agent.refuses("POST /v1/lost/redrive", "queue_full", status=429)
    ended = run("lost", "redrive", "--yes", "--json", "--socket", agent.socket)
    assert ended.code == 1
    assert json.loads(ended.out)["error"]["code"] == "queue_full"
    assert "mend queue_full." in ended.err


@pytest.mark.parametrize("arguments", [("redrive",), ("drop", "--all"), ("drop", "--reason", "rejected")])
def test_without_a_terminal_an_act_needs_a_yes(run: Run, agent: FakeAgent, arguments: tuple[str, ...]) -> None:
    holds(agent, ONE)
    ended = run("lost", *arguments, "--socket", agent.socket)
    assert ended.code == 2
    assert "Add --yes" in ended.err
    assert {request.method for request in agent.requests} == {"GET"}


def test_dropping_needs_a_filter_or_all(run: Run, agent: FakeAgent) -> None:
    ended = run("lost", "drop", "--yes", "--socket", agent.socket)
    assert ended.code == 2
    assert "--all" in ended.err
    assert agent.requests == []


def test_dropping_says_what_is_deleted(run: Run, agent: FakeAgent) -> None:
    holds(agent, ONE, TWO)
    agent.says("DELETE /v1/lost", {"dropped": 7, "lost_open": 0})
    agent.shows(lost_open=7)
    ended = run("lost", "drop", "--all", "--yes", "--socket", agent.socket)
    assert ended.code == 0
    assert "2 lost payloads (1 rejected, 1 expired unsent) are deleted for good" in ended.err
    assert "5 lost payloads whose value is gone already are closed." in ended.err
    assert ended.out == "7 lost payloads dropped; no lost payload open.\n"
    assert asked(agent.requests[-1]) == {"all": "true"}
    ended = run("lost", "drop", "--reason", "rejected", "--yes", "--json", "--socket", agent.socket)
    assert asked(agent.requests[-1]) == {"reason": "rejected"}
    assert json.loads(ended.out) == {"dropped": 7, "lost_open": 0}


@pytest.mark.parametrize(("reason", "closed"), [("damaged", 3), ("damaged,rejected", 3), ("rejected", 0)])
def test_damage_is_closed_by_its_reason_although_no_list_shows_it(
    run: Run, agent: FakeAgent, reason: str, closed: int
) -> None:
    holds(agent)
    agent.says("DELETE /v1/lost", {"dropped": closed, "lost_open": 2})
    agent.shows(lost_open=5, counts=Counts(accepted=9, delivered=4, damaged=3, rejected=2))
    ended = run("lost", "drop", "--reason", reason, "--yes", "--socket", agent.socket)
    assert ended.code == 0
    if closed:
        assert "3 lost payloads whose value is gone already are closed." in ended.err
        assert ended.out == "3 lost payloads dropped; 2 lost payloads open.\n"
        assert set(asked(agent.requests[-1])["reason"].split(",")) == set(reason.split(","))
    else:
        assert ended.out == "No lost payload to drop (rejected).\n"


def test_no_agent_is_4(run: Run, tmp_path: Path) -> None:
    assert run("lost", "list", "--socket", tmp_path / "nobody.sock").code == 4


@pytest.mark.parametrize(("key", "code", "sent"), [(b"y\n", 0, True), (b"n\n", 130, False)])
def test_on_a_terminal_it_asks(agent: FakeAgent, key: bytes, code: int, sent: bool) -> None:
    holds(agent, ONE)
    agent.says("POST /v1/lost/redrive", {"redriven": 1, "lost_open": 0})
    with terminal(program("lost", "redrive", "--socket", agent.socket)) as run:
        run.wait_for(b"Send them again? [y/N]")
        run.press(key)
        assert run.ended() == code
        assert b"\x1b[2J" not in run.read()
    assert ("POST /v1/lost/redrive" in calls(agent)) is sent


def test_nothing_foreign_reaches_a_terminal_raw(agent: FakeAgent) -> None:
    holds(agent, replace(ONE, value="\x1b]0;owned\x07" + VALUE))
    for arguments in (("list",), ("list", "--json"), ("export",)):
        with terminal(program("lost", *arguments, "--socket", agent.socket), size=(24, 300)) as run:
            assert run.ended() == 0
            shown = run.read()
        assert b"019a0000" in shown
        assert b"\x1b" not in shown
        assert b"\x07" not in shown


def test_against_a_real_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIGHTS_DELIVERY__DEADLINE_S", "0.3")
    monkeypatch.setenv("INSIGHTS_DELIVERY__DURABILITY", "memory")
    with real_agent():
        assert run_program("send", stdin=b'{"risk": 0.5}\n{"risk": 0.6}\n').code == 0
        until(lambda: run_program("status").code == 6, "both are lost")
        listed = run_program("lost", "list", "--json")
        ids = [json.loads(text)["id"] for text in listed.out.splitlines()]
        assert len(ids) == 2
        assert '"risk":0.6' in run_program("lost", "show", ids[1]).out.replace(" ", "")
        assert run_program("lost", "drop", "--id", ids[0], "--yes").out.startswith("1 lost payload dropped; 1 lost")
        assert run_program("lost", "redrive", "--yes").out.startswith("1 payload redriven; no lost payload open.")
        until(lambda: run_program("lost", "list").out.count(ids[1]) == 1, "it is lost again under its own id")
        said = run_program("status").out
        assert "1 of 3 lost payloads (3 expired unsent) is neither redriven nor dropped." in said
        assert "1 redriven" in said
        assert run_program("lost", "drop", "--all", "--yes").code == 0
        assert run_program("status").code == 3
