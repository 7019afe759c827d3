"""The banner: the worst problem in at most three lines - what, effect and deadline, what to do next."""

from dataclasses import replace
from itertools import product

from rich.cells import cell_len

from insights_tui.domain.text import clock_time, date_time
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, cut, fit, text, whole_seconds, width
from insights_tui.tui.notices import CONNECT, EDIT, Notice, problems
from insights_tui.tui.panels.banner_rows import Group, at_most, shares
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.told_keys import spelt

_DAY_S = 86_400.0
_BAR = 3
"""Cells of the bar at the left."""


class Banner(Panel):
    """Nothing while all is well."""

    AGES = False

    def __init__(self) -> None:
        super().__init__()
        self.view = ""
        """The title of the view below it: the key that opens that one helps nobody there."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the worst problem, since when, its deadline and the key that helps; say how many more there are."""
        notices = problems(scene.frame)
        if not notices:
            return []
        worst, more = self._spelt(notices[0], scene), _more(len(notices) - 1, self.told("p"))
        if worst.standing:
            return [_quiet(worst, scene, self.told("p"))]
        bar = (f" {scene.glyphs.bar} ", "bad" if worst.critical else "warn")
        draw = _airy if scene.roomy else _dense
        rows = draw(worst, more, scene)
        if (
            not more
            and scene.tier != "tiny"
            and any(part.endswith(scene.glyphs.ellipsis) for row in rows for part, _ in row)
        ):
            rows = draw(replace(worst, whole=self.told("p")), more, scene)
        return [(bar, *row) for row in rows]

    def _spelt(self, notice: Notice, scene: Scene) -> Notice:
        """Spell its keys as they are now; none that changes something where nothing may be changed."""
        moved = scene.space.told.moved
        if scene.frame.read_only:
            notice = replace(notice, key=None if notice.key in (EDIT, CONNECT) else notice.key, then=())
        here = notice.key is not None and notice.key[1] == self.view
        key = (self.told(notice.key[0]), notice.key[1]) if notice.key is not None and not here else None
        then = tuple((act, spelt(moved.get(act, usual).split(",")[0]), word) for act, usual, word in notice.then)
        return replace(notice, key=key, then=then)


def _airy(worst: Notice, more: Line, scene: Scene) -> list[Line]:
    """Write up to five rows, since when behind the first."""
    room = scene.width - _BAR
    tail = (*text(f"  {_since(worst, scene, span=True)}", "label"), *more) if worst.began else more
    rows = at_most(
        [
            Group(worst.what, "strong", room - width(tail)),
            Group(worst.effect, "text", room, _ending(worst, worst.deadline)),
            _act(worst, room),
        ],
        limit=5,
        dots=scene.glyphs.ellipsis,
    )
    rows[0] = (*rows[0], *tail)
    return rows


def _dense(worst: Notice, more: Line, scene: Scene) -> list[Line]:
    """Write up to three rows: what; since when, effect and deadline; the act and its key."""
    room, dots = scene.width - _BAR, scene.glyphs.ellipsis
    tail, middle = more, _middle(worst, scene, room)
    if middle is None:  # too narrow for both: since when goes up, and the effect is cut before the deadline is
        began = _since(worst, scene)
        if scene.tier == "tiny":
            began = began.removeprefix("since ")  # what is wrong needs the cells more
        tail = (*text(f"  {began}", "label"), *tail) if worst.began else tail
        endings = worst.endings or ("",)
        fitting = [one for one in endings if cell_len(worst.effect) + 2 + cell_len(one) <= room]
        (middle,) = Group(worst.effect, "text", room, _ending(worst, (fitting or endings[-1:])[0])).rows(1, dots)
    groups = [Group(worst.what, "strong", room - width(tail)), _act(worst, room)]
    what, act = shares(groups, limit=3 - bool(middle))
    rows = groups[0].rows(what, dots)
    rows[0] = (*fit(rows[0], room - width(tail)), *tail)
    return [*rows, *((middle,) if middle else ()), *(groups[1].rows(act, dots) if act else ())]


def _middle(worst: Notice, scene: Scene, room: int) -> Line | None:
    """Say since when, the effect and the deadline in one row, as fully as it holds; `None` where it does not."""
    leads = [_since(worst, scene, span=True), _since(worst, scene)] if worst.began else [""]
    gap = ("  ", "text")
    for lead, ending in product(leads, worst.endings or ("",)):
        runs: list[Line] = [text(lead, "label") if lead else (), text(worst.effect, "text"), _ending(worst, ending)]
        line = tuple(run for index, part in enumerate(filter(None, runs)) for run in ((gap,) * bool(index) + part))
        if width(line) <= room:
            return line
    return None


def _quiet(notice: Notice, scene: Scene, key: str) -> Line:
    """Say in one line what stands; the rest is behind its key."""
    tail: Line = (("  more ", "label"), (key, "accent"))
    words = cut(notice.what, scene.width - _BAR - width(tail), scene.glyphs.ellipsis)
    return ((f" {scene.glyphs.bar} ", "label"), (words, "label"), *tail)


def _since(notice: Notice, scene: Scene, *, span: bool = False) -> str:
    """Say since when, with the date where it was another day; with `span` for how long too."""
    began, frame = notice.began, scene.frame
    if began is None:
        return ""
    now = frame.snapshot.as_of if frame.snapshot is not None else began
    lasted = (now - began).total_seconds() + (frame.stale_s or 0.0)
    said = clock_time(began) if lasted < _DAY_S else date_time(began)
    return f"since {said}" + (f", {whole_seconds(lasted)}" if span else "")


def _more(count: int, key: str) -> Line:
    return ((f"  +{count} more ", "label"), (key, "accent")) if count else ()


def _ending(worst: Notice, words: str) -> Line:
    return text(words, "bad" if worst.soon else "strong") if words else ()


def _key(worst: Notice) -> Line:
    keys = [*((worst.key,) if worst.key else ()), *((key, word) for _, key, word in worst.then)]
    between = ("", ", then ", ", ") if worst.key else ("", ", ")
    told = tuple(
        run
        for lead, (key, word) in zip(between, keys, strict=False)
        for run in (*(((lead, "label"),) if lead else ()), (key, "accent"), (f" {word}", "label"))
    )
    if not worst.whole:
        return told
    gap = (("  ", "label"),) if told else ()
    return (*told, *gap, (worst.whole, "accent"), (" Whole", "label"))


def _act(worst: Notice, room: int) -> Group:
    """Say what to do, which key does it, and when it is tried again where that does not push the act away."""
    key = _key(worst)
    group = Group(worst.here or worst.act, "text", room, key)
    if worst.again_s is None:
        return group
    longer = replace(group, ending=((f"again in {whole_seconds(worst.again_s)}   ", "label"), *key))
    return longer if longer.wanted() == 1 else group
