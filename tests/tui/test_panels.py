"""Parts of the page by themselves: what they draw in the room they have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import rate
from insights_tui.tui.charts.axis import axis, marks_of, marks_row
from insights_tui.tui.charts.window import window
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.glyphs import UNICODE
from insights_tui.tui.lines import Line, plain, width
from insights_tui.tui.panels.brokers import Brokers
from insights_tui.tui.panels.funnel import Funnel
from insights_tui.tui.panels.no_agent import NoAgent
from insights_tui.tui.panels.notice_row import LASTS_S, NoticeRow
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.panels.status_row import StatusRow
from insights_tui.tui.panels.times import Times
from insights_tui.tui.panels.trends import Trends
from insights_tui.tui.panels.welcome import Waiting, Welcome
from tests.tui import samples

WIDE, MEDIUM, SMALL, TINY = Space(200, 60), Space(120, 40), Space(80, 24), Space(46, 12)


def drawn(panel: Panel, frame: Frame, space: Space = SMALL, cells: int | None = None) -> list[str]:
    return [plain(line).rstrip() for line in panel.lines(Scene(frame, space, cells or space.width - 1))]


def framed(snapshot: Snapshot, **beside: object) -> Frame:
    return Frame(snapshot=snapshot, history=snapshot.history, **beside)  # type: ignore[arg-type]


def test_the_maximum_of_a_trend_is_never_below_what_it_is_now() -> None:
    above = replace(samples.CONNECTED, rates=replace(samples.CONNECTED.rates, accepted_per_s=5000.0))
    assert drawn(Trends(), framed(above))[0].endswith(f"max {rate(5000.0)}")


@pytest.mark.parametrize(("tall", "space"), [(1, MEDIUM), (2, MEDIUM), (4, WIDE)])
def test_a_taller_trend_takes_its_rows_and_leaves_the_time_axis_where_it_is(tall: int, space: Space) -> None:
    trends = Trends()
    one, taller = (drawn(trends, framed(samples.DEGRADED), space, 90) for trends.tall in (1, tall))
    assert len(taller) - len(one) == 4 * (tall - 1)  # the fifth is a flat line: nothing is lost
    assert one[-2:] == taller[-2:]


def test_a_page_that_becomes_small_has_trends_of_one_row_again() -> None:
    trends = Trends()
    trends.tall = 3
    assert len(drawn(trends, framed(samples.DEGRADED), SMALL)) == 3  # accepted, delivered, the axis


def test_what_is_lost_grows_a_trend_in_red_above_a_quiet_zero() -> None:
    trends = Trends()
    trends.tall = 2
    flat, red = (
        [line for line in trends.lines(Scene(framed(one), MEDIUM, 90)) if line[0][0].startswith(" lost")]
        for one in (samples.CONNECTED, samples.LOST)
    )
    assert {token for _, token in flat[0]} == {"label", "text", "strong", "trend"}
    inks = {token: part for part, token in red[0] if token in ("bad", "trend")}
    assert set(inks) == {"bad", "trend"}
    assert set(inks["trend"]) == {UNICODE.levels[0]}


def test_an_axis_of_any_year_has_minutes() -> None:
    for year in (1, 1969, 2026, 9999):
        frame = window(datetime(year, 12, 31, 23, 59, 58, tzinfo=UTC), 60)
        assert "23:59" in plain(axis(frame, UNICODE, after=9))


def test_words_of_a_mark_may_stand_left_of_the_first_column() -> None:
    frame = window(samples.NOW, 60)
    mark = next(one for one in marks_of(samples.AUTH_FAILED) if one.words == "auth failed")
    line = marks_row(frame, [replace(mark, at=datetime.fromtimestamp(frame.start, UTC))], UNICODE, before=22)
    assert plain(line).index("▲") == 22
    assert "auth failed" in plain(line)


def test_old_news_step_back_and_the_banner_does_not() -> None:
    class Told(Panel):
        def lines(self, _scene: Scene) -> list[Line]:
            return [(("1,024/s", "strong"), (" ok", "ok"), (" 5 ", "loud"))]

    panel = Told()
    panel._frame = replace(panel._frame, stale_s=12.0)
    assert [token for _, token in panel._all_lines(40)[0]] == ["label", "label", "loud"]
    panel._frame = replace(panel._frame, stale_s=None)
    assert [token for _, token in panel._all_lines(40)[0]] == ["strong", "ok", "loud"]


def test_a_notice_ends_by_itself_and_what_is_cut_is_marked() -> None:
    notice, now = NoticeRow(), [0.0]
    notice.clock = lambda: now[0]
    for kind, lasts in LASTS_S.items():
        notice.say("word " * 90, kind)
        rows = drawn(notice, Frame())
        assert len(rows) == 2
        assert rows[-1].endswith("word…")
        now[0] += lasts
        assert drawn(notice, Frame())
        now[0] += 1
        assert not drawn(notice, Frame())


def test_without_an_agent_the_page_names_the_commands_at_any_size() -> None:
    gone = Frame(error="Nobody listens.", stale_s=3.0)
    for space in (TINY, SMALL, WIDE):
        lines = drawn(NoAgent(), gone, space)
        assert any(line.endswith("insights-tui agent") for line in lines)
        assert all(len(line) < space.width for line in lines)
    assert not drawn(NoAgent(), Frame())
    assert not drawn(NoAgent(), framed(samples.CONNECTED, error="It is silent.", stale_s=3.0))


def test_which_of_several_agents_is_gone_is_told() -> None:
    assert "agent 3 of 5" in drawn(StatusRow(), Frame(error="Nobody listens.", agent="agent 3 of 5"))[0]


def test_a_short_name_stays_where_a_longer_count_has_no_room() -> None:
    (line,) = StatusRow().lines(Scene(framed(samples.CONNECTED), TINY, 46))
    assert "prod-eu" in plain(line)
    assert "brokers" not in plain(line)
    assert width(line) == 46


def test_a_tiny_page_tells_what_has_room() -> None:
    times = Times()
    rows = [drawn(times, framed(samples.CONNECTED), TINY) for times.most in (0, 1, 2, 3, 9)]
    assert [len(one) for one in rows] == [1, 1, 2, 3, 3]
    assert [one[-1] for one in rows] == [" enlarge to 80x24 for tables"] * 5
    assert rows[-1][0].split() == ["Next", "loss", "3m", "59s"]


def test_a_large_page_says_what_hangs_on_each_broker() -> None:
    header, down, *_ = drawn(Brokers(), framed(samples.DEGRADED), MEDIUM)
    assert header.split() == ["server", "state", "since", "rtt", "leads", "id", "last", "error"]
    assert "0 partitions   2  TCP connect" in down
    assert "leads" not in drawn(Brokers(), framed(samples.DEGRADED), SMALL)[0]


def test_a_deleted_connection_is_no_beginning() -> None:
    used = replace(samples.CONNECTED, connection=None)
    assert drawn(Welcome(), framed(used))[0] == "No Kafka connection"
    assert any("1,204,331 delivered, 0 lost" in line for line in drawn(Waiting(), framed(used)))
    assert drawn(Welcome(), framed(samples.NONE))[0] == "No Kafka connection yet"


def test_the_state_goes_before_the_time() -> None:
    (line,) = StatusRow().lines(Scene(framed(samples.TOPIC_MISSING), Space(24, 5), 24))
    assert "✖ TOPIC MISSING" in plain(line)
    (line,) = StatusRow().lines(Scene(framed(samples.TOPIC_MISSING), Space(46, 12), 46))
    assert plain(line).rstrip().endswith("as of 12:04:31Z")


MISSING = replace(
    samples.DEGRADED,
    brokers=samples.brokers()[:2],
    problems=(replace(samples.DEGRADED.problems[0], subject="broker 3", what="Broker 3 is not in the cluster."),),
)
"""A broker that died before the agent came: the cluster lists it no more."""


def test_a_member_that_the_cluster_lists_no_more_counts_as_one_that_is_down() -> None:
    assert "brokers 2/3 up" in drawn(StatusRow(), framed(MISSING))[0]
    worst = drawn(Brokers(), framed(MISSING), MEDIUM)[1]
    assert worst.split()[:4] == ["broker", "3", "✖", "down"]
    assert "not a member of the cluster any more" in worst


def test_a_broker_that_is_listed_again_is_counted_once() -> None:
    both = replace(MISSING, brokers=samples.brokers(3))
    assert "brokers 2/3 up" in drawn(StatusRow(), framed(both))[0]


def test_no_answer_takes_no_time() -> None:
    quick = replace(samples.CONNECTED, brokers=(replace(samples.brokers()[0], rtt_s=0.0),))
    assert "<1 ms" in drawn(Brokers(), framed(quick))[1]


@pytest.mark.parametrize("cells", range(60, 80))
@pytest.mark.parametrize("panel", [Funnel, Times])
def test_no_figure_is_cut_on_a_narrow_terminal(panel: type[Panel], cells: int) -> None:
    old = samples.NOW - timedelta(hours=23, minutes=59)
    for snapshot in (samples.REFUSING, samples.DEGRADED, samples.LOST):
        many = replace(
            snapshot,
            counts=replace(snapshot.counts, delivered=9_876_543_210, expired_unsent=1_234_567),
            last_accepted_at=old,
            last_delivered_at=old,
        )
        for shown in (snapshot, many, replace(many, lost_open=0)):
            for line in drawn(panel(), framed(shown), Space(cells, 16), cells - 1):
                assert "…" not in line
                assert len(line) < cells
