"""A check as lines: one row a server, filling as steps end; then why, what comparing told, and hints.

Plain data without Textual: the command line draws the same.
"""

import re
from collections.abc import Iterable, Sequence

from insights_tui.domain.check import CheckStep, Finding, Role, Step, StepState
from insights_tui.domain.check_board import ORDER, CheckBoard, ServerRow
from insights_tui.domain.text import counted, latency, sanitize
from insights_tui.tui.glyphs import ASCII, Glyphs
from insights_tui.tui.lines import BLANK, Line, Run, crop, cut, fit, text, width, wrap

HEADS = {Step.METADATA: "meta"}
"""Names of steps that are shortened as headings."""
TITLES = {Role.BOOTSTRAP: "Bootstrap servers", Role.MEMBER: "Members that the cluster reports"}
_OTHERS = "Other members that the cluster reports"
STEPS = f"Steps, from the left: {', '.join(HEADS.get(step, step.value) for step in ORDER)}"
"""Stands below rows that have no room for a heading over each step; a row that failed names its step."""
WIDE = 72
"""Cells from which on every step has a headed column of its own."""
_TOKENS = {StepState.OK: "ok", StepState.FAILED: "bad", StepState.SKIPPED: "label", StepState.UNPROVEN: "warn"}
_WORD = 12
"""Cells of `write failed` and a blank."""
_MAX_SERVER = 44
_NUMBER = re.compile(r"[0-9]+")


def marks(glyphs: Glyphs) -> dict[StepState, str]:
    """Give the one-cell mark of each state."""
    if glyphs is ASCII:
        return {StepState.OK: "+", StepState.FAILED: "x", StepState.SKIPPED: "-", StepState.UNPROVEN: "?"}
    return {
        StepState.OK: glyphs.check,
        StepState.FAILED: glyphs.cross,
        StepState.SKIPPED: glyphs.dot,
        StepState.UNPROVEN: "?",
    }


def legend(glyphs: Glyphs) -> Line:
    """Explain the marks."""
    mark = marks(glyphs)
    words = ((StepState.OK, "done"), (StepState.FAILED, "failed"), (StepState.SKIPPED, "not done"))
    runs: list[Run] = []
    for state, word in (*words, (StepState.UNPROVEN, "cannot be told")):
        runs += [(f"{mark[state]} ", _TOKENS[state]), (f"{word}   ", "label")]
    return tuple(runs)


def head_lines(board: CheckBoard, cells: int, glyphs: Glyphs, *, running: bool) -> list[Line]:
    """Say in one sentence what came of it, and what to do."""
    verdict = board.verdict
    if verdict is None:
        failed = len(board.failed)
        so_far = f" {counted(failed, 'server')} with a failure so far." if failed else ""
        return _wrapped(("Checking every server at once." if running else "Stopped.") + so_far, cells, "strong")
    good = verdict.verdict == "ok"
    mark, style = (glyphs.check, "ok") if good else (glyphs.bad, "bad")
    if verdict.degraded:
        mark, style = "!", "warn"
    lines = _marked(mark, _said(verdict.sentence), cells, style)
    return [*lines, *_wrapped(_said(verdict.fix), cells, "text", indent=2)]


def table_lines(board: CheckBoard, cells: int, glyphs: Glyphs, *, running: bool) -> list[Line]:
    """Draw the rows: bootstrap servers, then the members that they report."""
    wide = cells >= WIDE
    named = [row for role in Role for row in board.rows(role)]
    room = min(cells - _strip_width(wide=wide) - _WORD - 2, _MAX_SERVER)
    most = max((*(len(_name(row) + _broker(row)) for row in named), len(TITLES[Role.BOOTSTRAP])))
    brief = most > room
    size = max(8, min(most, room))
    lines: list[Line] = []
    for role in Role:
        rows = board.rows(role)
        if not rows:
            continue
        if lines:
            lines.append(BLANK)
        both = role is Role.MEMBER and any(row.node_id is not None for row in board.rows(Role.BOOTSTRAP))
        lines.append(_heading(_OTHERS if both else TITLES[role], size, wide=wide and role is Role.BOOTSTRAP))
        going = running and board.verdict is None
        lines += [_row(row, size, cells, glyphs, running=going, brief=brief) for row in rows]
    return lines


def detail_lines(board: CheckBoard, cells: int, glyphs: Glyphs) -> list[Line]:
    """Tell the first failure of each server, what comparing told, and hints."""
    sentence = board.verdict.sentence if board.verdict is not None else ""
    lines: list[Line] = []
    for rows in _alike(board.failed):
        step = rows[0].failure
        if step is not None:
            lines += [BLANK, *_why(step, [row.server for row in rows], sentence, cells, glyphs)]
    if board.verdict is not None:
        told = [one for one in board.verdict.findings if one.what not in sentence]
        lines += _findings("Comparing the servers", told, cells, "!", "warn")
        lines += _findings("Worth a look", board.verdict.hints, cells, glyphs.dot, "text")
    return lines


def check_lines(board: CheckBoard, cells: int, glyphs: Glyphs, *, running: bool) -> list[Line]:
    """Draw all of it."""
    table = table_lines(board, cells, glyphs, running=running)
    return [
        *head_lines(board, cells, glyphs, running=running),
        *((BLANK, *table) if table else ()),
        *detail_lines(board, cells, glyphs),
        BLANK,
        crop(legend(glyphs), cells),
        *(() if cells >= WIDE or not table or board.failed else text_rows(STEPS, cells)),
    ]


def text_rows(words: str, cells: int) -> list[Line]:
    """Wrap a remark."""
    return [text(row, "label") for row in wrap(words, cells)]


def state_word(row: ServerRow, *, running: bool) -> str:
    """Say where a server stands, for those who see no colour and no glyph."""
    failure = row.failure
    if failure is not None:
        return f"{failure.step.value} failed"
    if running and len(row.steps) < len(ORDER):
        last = max((ORDER.index(name) for name in row.steps), default=-1)
        return f"{ORDER[min(last + 1, len(ORDER) - 1)].value} ..."
    done = [step.step for step in row.in_order if step.state is StepState.OK]
    if not done:
        return "not checked"
    return "ok" if ORDER.index(done[-1]) >= ORDER.index(Step.METADATA) else f"up to {done[-1].value}"


def _name(row: ServerRow) -> str:
    return sanitize(row.server, limit=120)


def _broker(row: ServerRow, *, brief: bool = False) -> str:
    """Say which member it is; a bootstrap server that is one has one row for both."""
    if row.node_id is None:
        return ""
    return f" #{row.node_id}" if brief else f", broker {row.node_id}"


def _cut(server: str, cells: int, ellipsis: str) -> str:
    """Shorten a server's host, never its port: which listener it is matters most."""
    host, colon, port = server.rpartition(":")
    return server if len(server) <= cells else f"{cut(host, cells - len(port) - 1, ellipsis)}{colon}{port}"


def _heading(title: str, size: int, *, wide: bool) -> Line:
    if not wide:
        return text(title, "label")
    heads = "".join(HEADS.get(step, step.value).ljust(_column(step)) for step in ORDER)
    return (*fit(text(title, "label"), size + 1), (heads, "label"))


def _column(step: Step) -> int:
    return len(HEADS.get(step, step.value)) + 1


def _strip_width(*, wide: bool) -> int:
    return sum(_column(step) for step in ORDER) if wide else len(ORDER)


def _row(row: ServerRow, size: int, cells: int, glyphs: Glyphs, *, running: bool, brief: bool) -> Line:
    wide = cells >= WIDE
    mark = marks(glyphs)
    broker = _broker(row, brief=brief)
    name = _cut(_name(row), size - len(broker), glyphs.ellipsis)
    runs: list[Run] = [*fit(((name, "text"), (broker, "label")), size), (" ", "text")]
    for name in ORDER:
        step = row.steps.get(name)
        cell = mark[step.state] if step is not None else " "
        runs.append((f"{cell.center(_column(name) - 1)} " if wide else cell, _TOKENS[step.state] if step else "text"))
    word = state_word(row, running=running)
    said = f"ok {latency(row.ms / 1000)}" if word == "ok" else word
    left = max(0, cells - width(tuple(runs)) - 1)
    runs += [(" ", "text"), *crop(text(said, "bad" if row.failure is not None else "label"), left)]
    return tuple(runs)


def _alike(rows: Iterable[ServerRow]) -> list[list[ServerRow]]:
    """Put servers together that fail for the same reason."""
    groups: dict[tuple[str, str, str], list[ServerRow]] = {}
    for row in rows:
        step = row.failure
        if step is not None:
            key = (step.step.value, _bare(step.cause, row.server), _bare(step.raw, row.server))
            groups.setdefault(key, []).append(row)
    return list(groups.values())


def _bare(words: str, server: str) -> str:
    """Take away what tells one server from another: its address, and numbers such as its id."""
    host = server.rpartition(":")[0]
    words = words.replace(server, "")
    return _NUMBER.sub("", words.replace(host, "") if host else words)


def _why(step: CheckStep, servers: Sequence[str], sentence: str, cells: int, glyphs: Glyphs) -> list[Line]:
    shown = ", ".join(dict.fromkeys(sanitize(server, limit=80) for server in servers))
    lines = _wrapped(f"{step.step.value}: {shown}", cells, "strong")
    if step.cause != sentence:
        lines += _marked(glyphs.cross if glyphs is not ASCII else "x", _said(step.cause), cells, "bad")
    fixes = step.fixes or ((step.fix,) if step.fix else ())
    told = step.cause == sentence  # then the head of it all has said the first repair too
    for number, fix in enumerate(fixes[1:] if told else fixes, int(told)):
        lines += _wrapped(
            f"{'Do' if number == 0 else 'Or'}: {_said(fix)}", cells, "text" if number == 0 else "label", 2
        )
    if step.raw:
        lines += _wrapped(f"It said: {sanitize(step.raw, limit=240)}", cells, "label", 2)
    return lines


def _findings(title: str, found: Sequence[Finding], cells: int, mark: str, style: str) -> list[Line]:
    if not found:
        return []
    lines: list[Line] = [BLANK, text(title, "label")]
    for one in found:
        lines += _marked(mark, _said(one.what), cells, style)
        lines += _wrapped(_said(one.fix), cells, "label", indent=2)
    return lines


def _said(sentence: str) -> str:
    return sanitize(sentence, limit=1_000)


def _marked(mark: str, sentence: str, cells: int, style: str) -> list[Line]:
    first, *rest = wrap(sentence, max(8, cells - len(mark) - 1)) or [""]
    pad = " " * (len(mark) + 1)
    return [((f"{mark} {first}", style),), *(((pad + row, style),) for row in rest)]


def _wrapped(sentence: str, cells: int, style: str, indent: int = 0) -> list[Line]:
    return [((" " * indent + row, style),) for row in wrap(sentence, max(8, cells - indent))]
