"""Dead letters of an epoch: rows that ended badly, found through an index of their own."""

from collections.abc import Iterator
from typing import Any, Literal

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.spool.base import DeadLetter, Selection
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, row_bytes
from insights_tui.spool.durable.row import DEAD, OUTCOMES, unseal

_MAX_IDS = 50
"""More ids than this are looked for in Python, not in SQL."""
_PAGE = 500
_LAST = 2**63 - 1
ON_DISK = "Its deadline passed while it waited on disk."
"""The reason of a dead letter that has none in its row: a million of them expire without growing."""


def letters(epoch: Epoch, selection: Selection, *, after_seq: int, is_open: bool) -> Iterator[tuple[DeadLetter, int]]:
    """Find dead letters in order of their numbers, or the other way round, each with the bytes it takes."""
    where, values = _where(selection)
    beyond, order = ("<", "DESC") if selection.newest_first else (">", "ASC")
    after_seq = after_seq or (_LAST if selection.newest_first else 0)
    sql = (
        "SELECT seq, outcome, ended_ms, late_ack, reason, sum, body FROM payload INDEXED BY dead"
        f" WHERE state = {DEAD} AND open = ? AND seq {beyond} ?{where} ORDER BY seq {order} LIMIT {_PAGE}"
    )
    while True:
        try:
            rows = epoch.db.execute(sql, (int(is_open), after_seq, *values)).fetchall()
        except schema.ERRORS as error:
            raise epoch.judged(error) from error
        for seq, outcome, ended_ms, late_ack, reason, sum_, body in rows:
            letter = _letter(seq, outcome, ended_ms, late_ack, reason, sum_, body, epoch, is_open=is_open)
            if selection.takes(letter):
                yield letter, row_bytes(len(body) if isinstance(body, bytes) else 0)
        if len(rows) < _PAGE:
            return
        after_seq = rows[-1][0]


def oldest(epoch: Epoch, limit: int, excess: int) -> tuple[list[int], int, int]:
    """Choose the dead letters that make room for `excess` bytes, `limit` at most: redriven ones first, then the oldest.

    Tells their numbers, their bytes, and how many of them nobody has dealt with.
    """
    try:
        rows = epoch.db.execute(
            f"SELECT seq, open, length(body) FROM payload INDEXED BY dead WHERE state = {DEAD}"
            " ORDER BY open, seq LIMIT ?",
            (limit,),
        ).fetchall()
    except schema.ERRORS as error:
        raise epoch.judged(error) from error
    seqs: list[int] = []
    size = still_open = 0
    for seq, is_open, length in rows:
        if size >= excess:
            break
        seqs.append(seq)
        size += row_bytes(length or 0)
        still_open += bool(is_open)
    return sorted(seqs), size, still_open


def _where(selection: Selection) -> tuple[str, list[Any]]:
    where = ""
    values: list[Any] = []
    if selection.outcomes:
        where += f" AND outcome IN ({', '.join('?' * len(selection.outcomes))})"
        values += [OUTCOMES.get(outcome, 0) for outcome in selection.outcomes]
    if selection.since_ms is not None:
        where += " AND ended_ms >= ?"
        values.append(selection.since_ms)
    if selection.until_ms is not None:
        where += " AND ended_ms < ?"
        values.append(selection.until_ms)
    if selection.ids and len(selection.ids) <= _MAX_IDS:
        where += f" AND ({' OR '.join(['instr(body, ?) > 0'] * len(selection.ids))})"
        values += [id_.encode() for id_ in selection.ids]
    if selection.text:
        where += " AND instr(body, ?) > 0"
        values.append(selection.text.encode("utf-8", "replace"))
    if not selection.late_acks:
        where += " AND late_ack = 0"
    return where, values


def _letter(
    seq: int,
    outcome: object,
    ended_ms: object,
    late_ack: object,
    reason: object,
    sum_: object,
    body: object,
    epoch: Epoch,
    *,
    is_open: bool,
) -> DeadLetter:
    found = unseal(seq, sum_, body)
    known = {code: one for one, code in OUTCOMES.items()}
    end = ended_ms if isinstance(ended_ms, int) else 0
    why = reason if isinstance(reason, str) and reason else ON_DISK
    state: Literal["open", "redriven"] = "open" if is_open else "redriven"
    if found is None:  # the row tells of a loss; what was lost cannot be read
        nothing = Payload(seq, "", b"", None, 0, 0.0)
        return DeadLetter(nothing, Outcome.DAMAGED, why, bool(late_ack), end, state)
    id_, value, key, accepted_ms, accepted_boot, deadline_s = found
    ended = known.get(outcome if isinstance(outcome, int) else 0, Outcome.DAMAGED)
    deadline = epoch.anchor.deadline(accepted_ms, accepted_boot, deadline_s)
    payload = Payload(seq, id_, value, key, accepted_ms, deadline, ended is Outcome.EXPIRED_UNKNOWN)
    return DeadLetter(payload, ended, why, bool(late_ack), end, state)
