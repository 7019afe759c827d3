"""What an operation changes in the rows of an epoch and in its counts."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.durable.ops import (
    Doubt,
    Dropped,
    Evicted,
    Final,
    Forgotten,
    Intent,
    LateAck,
    Op,
    Redriven,
    Surplus,
    Vanished,
)
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import DEAD, IN_DOUBT, OUTCOMES, QUEUED, runs


def apply(db: sqlite3.Connection, ops: Iterable[Op], record: Record) -> None:
    """Change rows and counts inside a transaction that is open; raises `sqlite3.Error`."""
    delivered: set[int] = set()
    for op in ops:
        match op:
            case Final(outcome=Outcome.DELIVERED):
                delivered.update(op.seqs)
                record.delivered += len(op.seqs)
                record.pending_bytes -= op.size
            case Final():
                _bury(db, op, record)
            case Doubt():
                _each(db, f"UPDATE payload SET state = {IN_DOUBT} WHERE state = {QUEUED} AND {{}}", op.seqs)
            case Vanished():
                record.finish(Outcome.DAMAGED, op.many)
                record.bodiless += op.many
            case Surplus():
                record.accepted += op.many
            case Forgotten():
                db.executemany("DELETE FROM ended WHERE key = ?", [(key,) for key in op.keys])
            case _:
                _apply_to_dead(db, op, record)
    if delivered:
        _each(db, "DELETE FROM payload WHERE {}", sorted(delivered))


def _apply_to_dead(db: sqlite3.Connection, op: LateAck | Dropped | Redriven | Evicted | Intent, record: Record) -> None:
    match op:
        case LateAck():
            _each(db, f"UPDATE payload SET late_ack = 1 WHERE state = {DEAD} AND {{}}", op.seqs)
            record.late_acks += len(op.seqs)
        case Redriven():
            count = _each(db, f"UPDATE payload SET open = 0 WHERE state = {DEAD} AND open = 1 AND {{}}", op.seqs)
            record.lost_open -= count
            record.redriven += count
        case Intent():
            values = "SELECT value FROM json_each(?)"
            db.execute(f"INSERT OR IGNORE INTO redriven {values}", (str(list(op.seqs)),))
        case Dropped() | Evicted():
            record.dead -= _each(db, f"DELETE FROM payload WHERE state = {DEAD} AND {{}}", op.seqs)
            record.dead_bytes -= op.size
            if isinstance(op, Evicted):
                record.evicted += len(op.seqs)
                record.bodiless += op.open
            else:
                damaged = record.total("damaged_open") if op.bodiless != "none" else 0
                bodiless = record.total("bodiless") if op.bodiless == "all" else damaged
                record.damaged_open -= damaged
                record.bodiless -= bodiless
                record.lost_open -= len(op.seqs) + bodiless


def _bury(db: sqlite3.Connection, op: Final, record: Record) -> None:
    if op.outcome is Outcome.DAMAGED:
        _each(db, "DELETE FROM payload WHERE {}", op.seqs)
        record.finish(op.outcome, len(op.seqs))
        record.bodiless += len(op.seqs)
        return
    late = int(op.late_ack)
    buried = _each(
        db,
        f"UPDATE payload SET state = {DEAD}, outcome = ?, ended_ms = ?, late_ack = ?, open = 1, reason = ? WHERE {{}}",
        op.seqs,
        (OUTCOMES[op.outcome], op.ended_ms, late, op.reason),
    )
    record.finish(op.outcome, len(op.seqs))
    record.late_acks += late * len(op.seqs)
    record.bodiless += len(op.seqs) - buried
    record.dead += buried
    record.dead_bytes += op.size
    record.pending_bytes -= op.size


def _each(db: sqlite3.Connection, sql: str, seqs: Sequence[int], before: tuple[Any, ...] = ()) -> int:
    """Change rows by number with as few statements as may be; tell how many there were."""
    execute, count = db.execute, 0
    ranges = runs(seqs)
    if len(ranges) <= max(4, len(seqs) // 16):
        for first, last in ranges:
            count += execute(sql.format("seq BETWEEN ? AND ?"), (*before, first, last)).rowcount
        return count
    listed = str(list(seqs))
    return execute(sql.format("seq IN (SELECT value FROM json_each(?))"), (*before, listed)).rowcount
