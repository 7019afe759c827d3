"""The connection check and the way back to an earlier connection, over HTTP and through the client."""

import asyncio
import json
from contextlib import aclosing

import httpx
import pytest

from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import PastConnection
from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.connection import Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.trouble import Code
from tests.http.conftest import Serve, Served
from tests.http.fakes import AT

CHECK = "/v1/admin/connection-check"
REVISIONS = "/v1/admin/connection-revisions"
MARKER = "marker-p4ssword"
FORM = ConnectionForm("insights", "h1:9093", "kafka_sasl_ssl", "PLAIN", "u", Secret(MARKER))
DNS = CheckStep("h1:9093", Role.BOOTSTRAP, Step.DNS, StepState.OK, 1.5, found="10.0.0.1")
LOGIN = CheckStep(
    "h1:9093", Role.BOOTSTRAP, Step.SASL, StepState.FAILED, 2.0,
    code=Code.AUTH_FAILED, cause="Wrong.\u2028", fix="Mend it.", fixes=("Mend it.",), raw="x",
)  # fmt: skip
FAILED = CheckVerdict("failed", 1, 1, "Wrong.", "Mend it.", Code.AUTH_FAILED, hints=(Finding("one", "One.", "Two."),))


async def test_each_step_is_a_line_as_it_ends_and_the_verdict_is_the_last(served: Served) -> None:
    async with served.unix.stream("POST", CHECK, json={}) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        pieces = answer.aiter_bytes()
        served.control.steps.put_nowait(DNS)
        first = json.loads(await anext(pieces))  # comes before there is a second
        assert first == {
            "server": "h1:9093", "role": "bootstrap", "step": "dns", "state": "ok", "ms": 1.5, "node_id": None,
            "found": "10.0.0.1", "code": None, "cause": "", "fix": "", "fixes": [], "raw": "", "about": None,
            "members": [],
        }  # fmt: skip
        served.control.steps.put_nowait(LOGIN)
        served.control.steps.put_nowait(FAILED)
        rest = b"".join([piece async for piece in pieces]).decode().split("\n")
    assert [json.loads(line).get("verdict") for line in rest if line] == [None, "failed"]
    assert served.control.to_check == [None]
    assert served.control.checks == 0


async def test_the_client_gives_back_what_the_check_told(served: Served) -> None:
    client = AgentClient(served.path)
    for item in (DNS, LOGIN, FAILED):
        served.control.steps.put_nowait(item)
    assert [item async for item in client.check(FORM)] == [DNS, LOGIN, FAILED]
    (form,) = served.control.to_check
    assert form == FORM
    await client.close()


async def test_hanging_up_ends_the_check(served: Served) -> None:
    client = AgentClient(served.path)
    served.control.steps.put_nowait(DNS)
    async with aclosing(client.check()) as steps:
        assert await anext(steps) == DNS
        assert served.control.checks == 1
    async with asyncio.timeout(20):
        while served.control.checks:
            await asyncio.sleep(0)
    await client.close()


async def test_a_check_cut_off_by_a_stop_is_no_verdict(serve: Serve) -> None:
    served = await serve()
    client = AgentClient(served.path)
    served.control.steps.put_nowait(DNS)
    async with aclosing(client.check()) as steps:
        await anext(steps)
        stop = asyncio.create_task(served.stop())
        with pytest.raises(AgentUnavailableError, match="hung up"):
            await anext(steps)
        await stop
    assert served.control.checks == 0
    await client.close()


@pytest.mark.parametrize("status", [404, 422, 429])
async def test_a_refusal_comes_as_one_before_any_line(served: Served, status: int) -> None:
    served.control.error = RefusedError((FieldError("c", f"no: {MARKER}", f"not {MARKER}"),), status=status)
    answer = await served.unix.post(CHECK, json={"broker_password": MARKER})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "c")
    assert MARKER not in answer.text
    client = AgentClient(served.path)
    with pytest.raises(RefusedError):
        await anext(client.check())
    await client.close()


async def test_a_bad_form_is_refused_by_field(served: Served) -> None:
    answer = await served.unix.post(CHECK, json={"topic": 3, "colour": "red"})
    assert [error["field"] for error in answer.json()["errors"]] == ["topic", "colour"]
    assert (await served.unix.get(CHECK)).status_code == 405
    assert (await served.tcp.post(CHECK, json={})).status_code == 403
    assert served.control.to_check == []


async def test_revisions_are_listed_and_one_is_gone_back_to(served: Served) -> None:
    served.control.past = [PastConnection(3, AT, "alice", in_use=True, why_not="."), PastConnection(2, AT, "bob")]
    client = AgentClient(served.path)
    assert list(await client.revisions()) == served.control.past
    assert (await client.go_back(2)).revision == 3
    assert (await client.go_back(2, check="skip")).topic == "insights"
    assert [asked[:3] for asked in served.control.asked] == [("go back", 2, "require"), ("go back", 2, "skip")]
    assert "uid" in str(served.control.asked[0][3])
    await client.close()


@pytest.mark.parametrize("revision", ["x", "-1", "٣", "1.5", "9" * 30])
async def test_what_is_no_revision_is_not_found(served: Served, revision: str) -> None:
    answer = await served.unix.post(f"{REVISIONS}/{revision}", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_revision")


async def test_going_back_needs_a_known_kind_of_check(served: Served) -> None:
    answer: httpx.Response = await served.unix.post(f"{REVISIONS}/2?check=maybe", json={})
    assert answer.status_code == 400
    assert served.control.asked == []
