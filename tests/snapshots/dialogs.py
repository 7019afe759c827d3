"""What keys open: dialogs, filters, the connection form; each from a state, by the keys that a person presses."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import cast

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.trouble import Code
from insights_tui.tui.connection_form import ConnectionFormScreen
from insights_tui.tui.screens.agents import Agents, Look, Place
from tests.snapshots.stage import Stage
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED, LOST, NOW
from tests.tui_views.agents import an_algorithm

Play = Callable[[Stage], Awaitable[None]]
_SERVERS = ("kafka-1:9093", "kafka-2:9093", "kafka-3:9093")
_BEFORE_LOGIN = (Step.DNS, Step.TCP, Step.TLS, Step.API)
_FOUND = {
    Step.DNS: "10.0.0.1",
    Step.TLS: "TLSv1.3, CN=kafka-1, expires in 214 d",
    Step.METADATA: "cluster q1Zx, 3 brokers",
    Step.TOPIC: "12 partitions, 3 replicas",
}


def _steps(server: str, steps: tuple[Step, ...]) -> list[CheckStep | CheckVerdict]:
    return [
        CheckStep(server, Role.BOOTSTRAP, step, StepState.OK, 1.5 * number, None, _FOUND.get(step, ""))
        for number, step in enumerate(steps, 1)
    ]


def _all_well() -> list[CheckStep | CheckVerdict]:
    hint = Finding("min_isr", "Topic insights has min.insync.replicas 1.", "Set it to 2: one broker can then be lost.")
    members = [
        replace(one, server=f"kafka-{node}.internal:9093", role=Role.MEMBER, node_id=node)
        for node in (1, 2, 3)
        for one in _steps("", (*_BEFORE_LOGIN, Step.SASL, Step.METADATA))
        if isinstance(one, CheckStep)
    ]
    ended = CheckVerdict(
        "ok", 0, 6, "Every server answers, and insights-p may write to the topic insights.", hints=(hint,), seconds=0.4
    )
    return [one for server in _SERVERS for one in _steps(server, tuple(Step))] + [*members, ended]


def _login_refused() -> list[CheckStep | CheckVerdict]:
    found: list[CheckStep | CheckVerdict] = []
    for server in _SERVERS:
        found += _steps(server, _BEFORE_LOGIN)
        found.append(
            CheckStep(
                server, Role.BOOTSTRAP, Step.SASL, StepState.FAILED, 12.0, code=Code.AUTH_FAILED,
                cause=f"{server} refuses the login of insights-p with SCRAM-SHA-512.",
                fix="Type the password again; it may have been rotated.",
                raw="Authentication failed during authentication due to invalid credentials with SASL mechanism"
                " SCRAM-SHA-512",
            )
        )  # fmt: skip
    same = Finding("same", "All three servers say the same.", "It is the login, not a broker.")
    return [
        *found,
        CheckVerdict(
            "failed", 3, 3, "Kafka refuses the login of insights-p.",
            "Type the password again; it may have been rotated.", Code.AUTH_FAILED, (same,), seconds=0.2,
        ),
    ]  # fmt: skip


async def _checked(seated: Stage) -> None:
    """Let a check go on once it is seen to have begun."""
    if seated.agent.checked:
        await seated.until("Checking every server")
        seated.agent.goes_on.set()


def _keys(*keys: str, shows: str, checked: Callable[[], list[CheckStep | CheckVerdict]] = list) -> Play:
    async def play(seated: Stage) -> None:
        seated.agent.checked = checked()
        for key in keys:
            await seated.press(key)
            if key.isdigit():
                await seated.still()
        await _checked(seated)
        await seated.still()
        await seated.until(shows)

    return play


def _form(*keys: str, shows: str, checked: Callable[[], list[CheckStep | CheckVerdict]] = list) -> Play:
    async def play(seated: Stage) -> None:
        snapshot = seated.agent.now
        seated.agent.checked = checked()
        seated.app.push_screen(ConnectionFormScreen(cast("AgentApi", seated.agent), snapshot, now=lambda: NOW))
        await seated.until("Edit Connection" if snapshot.connection else "Connect to Kafka", "Topic name")
        await seated.pilot.pause()
        for key in keys:
            if len(key) > 1 and not key.startswith("="):
                await seated.press(key)
            else:
                await seated.paste(key.removeprefix("="))
        await _checked(seated)
        await seated.until(shows)

    return play


async def _lost_refused(seated: Stage) -> None:
    seated.agent.refusal = RefusedError((FieldError("busy", "The agent is stopping.", "Wait for the next one."),))
    await seated.press("5")
    await seated.until("The agent is stopping.")


async def _algorithms_many(seated: Stage) -> None:
    """As many as a wall screen has rows for, the fastest first."""
    seated.agent.known += [
        an_algorithm(
            f"{what}_{where}",
            f"1.{number % 4}.0",
            owner="globex",
            rate_per_s=(number * 37 % 101) / 2,
            last_at=NOW - timedelta(seconds=number),
            insights_enabled=number % 7 > 0,
        )
        for number, (what, where) in enumerate(product(("churn", "demand", "routing", "spam"), "abcdefghij"))
    ]
    await seated.press("6")
    await seated.still()
    await seated.press("s")
    await seated.still()
    await seated.until("fastest first")


def _itself(agent: FakeAgent) -> AgentApi:
    return cast("AgentApi", agent)


async def _agents(seated: Stage) -> None:
    """Three agents: this one, one that is ill, one that has died since it was looked at last."""
    here, there, gone = (
        FakeAgent(replace(base, agent=replace(base.agent, installation=name)))
        for base, name in ((CONNECTED, "prod-eu"), (LOST, "prod-us"), (CONNECTED, "staging"))
    )
    gone.down = AgentUnavailableError("No agent answers at /run/staging/agent.sock: connection refused.", "Start it.")
    named = {"prod-eu": here, "prod-us": there, "staging": gone}
    places = [Place(Path(f"/run/{name}/agent.sock"), partial(_itself, agent)) for name, agent in named.items()]
    before = {places[2].socket: Look(replace(gone.now, as_of=NOW - timedelta(minutes=7)))}
    seated.app.push_screen(Agents(places, places[0], before))
    await seated.until("NO ANSWER", "AUTH FAILED")
    await seated.press("end")
    await seated.until("connection refused")


_SASL = ("=insights", "down", "=kafka-1:9093,kafka-2:9093", "down", "right", "down", "right", "down", "=insights-p")
SCENES: Mapping[str, tuple[str, Play]] = {
    "help": ("connected", _keys("question_mark", shows="esc Close")),
    "problems": ("degraded", _keys("p", shows="Problems")),
    "problems-none": ("connected", _keys("p", shows="Nothing is wrong.")),
    "delete": ("degraded", _keys("d", shows="Cancel")),
    "agents": ("connected", _agents),
    "palette": ("connected", _keys("colon", shows="Check the connection")),
    "receipt": ("connected", _keys("t", shows="See it in the topic")),
    "revisions": ("connected", _keys("b", shows="kafka-9:9093")),
    "check-ok": ("connected", _keys("k", shows="Every server answers", checked=_all_well)),
    "check-failed": ("auth-failed", _keys("k", shows="refuses the login", checked=_login_refused)),
    "quit-embedded": ("embedded", _keys("q", shows="Cancel")),
    "events-raw": ("degraded", _keys("3", "enter", shows="Connect call failed")),
    "events-filter": ("degraded", _keys("3", "slash", "l", "e", "a", "d", shows="no leader")),
    "payloads-topic": ("connected", _keys("4", "s", shows="What is in")),
    "payload": ("connected", _keys("4", "enter", shows="A payload")),
    "lost-marked": ("lost", _keys("5", "m", "m", shows="2 marked")),
    "lost-filter": ("lost", _keys("5", "slash", shows="reason")),
    "lost-payload": ("lost", _keys("5", "enter", shows="A lost payload")),
    "lost-redrive": ("lost", _keys("5", "r", shows="Cancel")),
    "lost-drop": ("lost", _keys("5", "delete", shows="Cancel")),
    "lost-refused": ("lost", _lost_refused),
    "algorithm": ("connected", _keys("6", "down", "enter", shows="risk_score")),
    "algorithms-many": ("connected", _algorithms_many),
    "algorithm-off": ("connected", _keys("6", "o", shows="Turn Insights off")),
    "form-new": ("none", _form(shows="Unencrypted")),
    "form-sasl": ("none", _form(*_SASL, shows="insights-p")),
    "form-errors": (
        "none",
        _form("=in sights", "down", "=kafka-1 kafka-2:99999", "down", "right", "ctrl+s", shows="problems to fix"),
    ),
    "form-edit": ("connected", _form(shows="unchanged")),
    "form-tested-ok": ("connected", _form("ctrl+t", shows="Every server answers", checked=_all_well)),
    "form-tested-failed": ("connected", _form("ctrl+t", shows="refuses the login", checked=_login_refused)),
    "form-discard": ("connected", _form("=x", "escape", shows="Leave without saving")),
}  # fmt: skip
"""Name, the fixture it begins with, and what is done."""
_OF_VIEWS = ("events-", "lost-filter", "algorithms-")
LAID_OUT = tuple(name for name in SCENES if name.startswith(("form-", "check-", *_OF_VIEWS)))
"""What has a layout of its own for a wall screen; the others are the same card in the middle of it."""
