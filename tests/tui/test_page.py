import re
import unicodedata
from dataclasses import replace

import pytest

from insights_tui.domain.snapshot import Rates, Snapshot
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import plain, width
from insights_tui.tui.panels.status_row import StatusRow
from insights_tui.tui.screens.help import Help
from tests.tui import samples
from tests.tui.driving import SIZES, desk
from tests.tui.fake_agent import FakeAgent

NAMES = {
    "none": "○ NOT CONNECTED",
    "none-waiting": "○ NOT CONNECTED",
    "connecting": "◌ CONNECTING",
    "connected": "● CONNECTED",
    "idle": "● CONNECTED",
    "degraded": "◐ DEGRADED",
    "auth-failed": "✖ AUTH FAILED",
    "topic-missing": "✖ TOPIC MISSING",
    "lost": "✖ AUTH FAILED",
    "refusing": "REFUSING",
    "embedded": "EMBEDDED",
    "demo": "DEMO",
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", samples.STATES)
async def test_every_state_at_every_size_keeps_what_matters(name: str, size: tuple[int, int]) -> None:
    snapshot = samples.STATES[name]
    agent = FakeAgent(snapshot)
    agent.moves = True
    async with desk(snapshot, size, agent=agent) as seated:
        lines = seated.lines()
        assert NAMES.get(name, "◐ DEGRADED") in lines[0]
        assert "12:04:31Z" in lines[0]
        assert len(lines) == size[1]
        shown = seated.text()
        if snapshot.connection is not None:
            for label, number in (("Queued", snapshot.counts.queued), ("Lost", snapshot.lost_open)):
                assert label in shown
                assert size == (200, 60) or f"{number:,}" in shown
            assert "Edit Connection" in lines[1]
        else:
            assert "Connect to Kafka" in shown
        if snapshot.problems and name != "hostile":
            lost = snapshot.problems[0].code is Code.LOST  # the keys say it shorter than the agent's commands
            assert f"▌ {'212 payloads are los' if lost else snapshot.problems[0].what[:20]}" in shown
            assert ("First: Corr" if lost else snapshot.problems[0].act[:20]) in shown  # what mends it is the cause's
        assert ("enlarge to 80x24 for tables" in shown) == (size[0] < 60 or size[1] < 16)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_no_foreign_string_reaches_the_terminal_raw(size: tuple[int, int]) -> None:
    async with desk(samples.HOSTILE_SNAPSHOT, size) as seated:
        for keys in ((), ("enter",), ("escape", "d"), ("escape", "t")):
            await seated.press(*keys)
            for character in seated.text().replace("\n", ""):
                assert unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"}, repr(character)
        assert "[bold]markup[/]" in seated.text()


async def test_what_is_lost_is_split_into_its_parts() -> None:
    async with desk(samples.LOST) as seated:
        assert "212 open" in seated.text()
        assert "lost 222 = rejected 2 + expired unsent 200 + expired unknown 20, 10 dealt with" in seated.text()
        assert "since 12:04:09Z" in seated.text()


async def test_the_sum_is_written_out_where_there_is_room_and_its_failure_is_loud() -> None:
    async with desk(samples.DEGRADED, (120, 40)) as seated:
        wanted = "accepted 1,205,064 = queued 6,310 + in flight 500 + retrying 212 + delivered 1,198,042 + lost 0 ✓"
        assert wanted in seated.text()
        seated.agent.now = replace(samples.DEGRADED, balanced=False, as_of=samples.NOW)
        await seated.until_shown("✗ bug")


async def test_time_left_and_time_since_are_told() -> None:
    async with desk(samples.AUTH_FAILED) as seated:
        header = next(index for index, line in enumerate(seated.lines()) if "Next loss in" in line)
        values = re.split(r"\s{2,}", seated.lines()[header + 1].strip())
        assert values == ["3m 05s", "55 s", "0 s ago", "3m 05s ago", "— · —"]
        assert "Nothing is delivered.  next loss in 55 s" in seated.text()
        assert "18,204" in seated.text()
    async with desk(samples.AUTH_FAILED, (120, 40)) as seated:
        assert "18,204 payloads wait, next loss in 55 s." in seated.text()


async def test_what_is_unknown_is_a_dash() -> None:
    unknown = replace(samples.IDLE, last_accepted_at=None, last_delivered_at=None, rates=Rates())
    async with desk(unknown) as seated:
        header = next(index for index, line in enumerate(seated.lines()) if "Next loss in" in line)
        assert seated.lines()[header + 1].split() == ["—", "—", "—", "—", "—", "·", "—"]


async def test_refused_payloads_are_named_though_they_are_outside_the_sum() -> None:
    async with desk(samples.REFUSING) as seated:
        assert "refused 4,100 (never accepted): queue full 4,100" in seated.text()


async def test_the_worst_broker_comes_first_and_the_rest_is_counted() -> None:
    many = tuple(replace(samples.brokers()[0], id=index, host=f"b-{index}") for index in range(9))
    crowd = replace(samples.DEGRADED, brokers=(*many, samples.brokers(2)[1]))
    async with desk(crowd) as seated:
        table = [line for line in seated.lines() if ":9093  " in line]
        assert table[0].startswith(" kafka-2:9093  ✖ down")
        assert "and 7 more, all up" in seated.text()


async def test_the_page_without_a_connection_says_what_to_do() -> None:
    async with desk(samples.NONE_WAITING) as seated:
        assert "12 payloads, the first is lost in 3m 19s" in seated.text()
        assert "report to http://127.0.0.1:9000" in seated.text()
        assert "insights-tui connect --topic" in seated.text()
        assert seated.app.focused is not None
        assert seated.app.focused.id == "connect-big"


async def test_a_resize_changes_the_layout_while_it_runs() -> None:
    async with desk(samples.DEGRADED, (200, 60)) as seated:
        assert "Partitions" in seated.text()
        for size, there in (((80, 24), "Oldest waits"), ((50, 14), "enlarge"), ((120, 40), "Recent events")):
            await seated.pilot.resize_terminal(*size)
            await seated.until_shown(there)
            assert all(len(line) <= size[0] for line in seated.lines())


@pytest.mark.parametrize("size", [(100, 60), (59, 40)])
async def test_the_page_behind_a_dialog_follows_a_resize(size: tuple[int, int]) -> None:
    async with desk(samples.CONNECTED, (120, 40)) as seated:
        seated.agent.moves = True  # else `STALE` comes between the two pictures
        await seated.press("3", "question_mark")
        await seated.until(lambda: isinstance(seated.app.screen, Help), "the help")
        await seated.pilot.resize_terminal(*size)
        page = seated.app.screen_stack[0]

        def behind() -> list[str]:
            return [strip.text for strip in page._compositor.render_strips()][2:]

        await seated.until(lambda: len(behind()) == size[1] - 2, "the page behind in its new size")
        under = behind()
        await seated.press("escape")
        await seated.until(lambda: seated.app.screen is page, "the page")
        assert behind() == under


async def test_ascii_leaves_no_other_character() -> None:
    for size in ((80, 24), (200, 60)):
        async with desk(samples.HOSTILE_SNAPSHOT, size, ascii_only=True) as seated:
            assert seated.text().isascii()


@pytest.mark.parametrize("cells", [40, 60, 80])
def test_the_first_row_never_drops_what_an_operator_must_not_miss(cells: int) -> None:
    snapshot: Snapshot = samples.with_mode(samples.REFUSING, "embedded")
    frame = Frame(snapshot=snapshot, stale_s=12.0)
    (line,) = StatusRow().lines(Scene(frame, Space(cells, 24), cells))
    assert width(line) == cells
    row = plain(line)
    assert "AUTH FAILED" in row
    assert cells == 40 or ("STALE 12 s" in row and "REFUSING" in row)
    assert cells < 80 or "EMBEDDED" in row


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_merely_stands_is_one_quiet_line_and_hides_nothing(size: tuple[int, int]) -> None:
    single = next(one for one in samples.STATES["degraded"].problems if one.code is Code.SINGLE_REPLICA)
    async with desk(replace(samples.CONNECTED, problems=(single,)), size) as seated:
        shown = seated.text()
        assert shown.count("Topic insights has one replica.") == 1
        assert "A broker that dies" not in shown
        assert "insights-p · SCRAM-SHA-512" in shown, "the connection keeps its rows"
