"""A drained epoch ends: its counters and dead letters move into the current one, then its files go."""

from pathlib import Path

from insights_tui.spool.crash import crash_point
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch
from insights_tui.spool.durable.examine import COLUMNS
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import DEAD, EPOCH_BITS


def notes(epoch: Epoch, table: str) -> set[int]:
    """Read what an epoch noted of others: `folded` epochs, dead letters `redriven`."""
    try:
        rows = epoch.db.execute(f"SELECT * FROM {table}").fetchall()
    except schema.ERRORS as error:
        raise epoch.judged(error) from error
    return {row[0] for row in rows if isinstance(row[0], int)}


def ended(epoch: Epoch) -> set[bytes]:
    """Read which executions ended with payloads of an epoch."""
    try:
        rows = epoch.db.execute("SELECT key FROM ended").fetchall()
    except schema.ERRORS as error:
        raise epoch.judged(error) from error
    return {row[0] for row in rows if isinstance(row[0], bytes)}


def forget_intents(epoch: Epoch, number: int) -> None:
    """Forget the note of dead letters that are marked by now where they are."""
    try:
        base = number << EPOCH_BITS
        epoch.db.execute("DELETE FROM redriven WHERE seq BETWEEN ? AND ?", (base, base + (1 << EPOCH_BITS) - 1))
    except schema.ERRORS as error:
        raise epoch.judged(error) from error


def fold(source: Epoch, target: Epoch, folder: Path) -> None:
    """Move a drained epoch into another, in one transaction; at any crash it is in exactly one of the two."""
    crash_point("folding")
    try:
        rows = source.db.execute(f"SELECT {COLUMNS} FROM payload WHERE state = {DEAD}").fetchall()
    except schema.ERRORS as error:
        raise source.judged(error) from error
    adopted = {source.number, *source.adopted}
    _take_over(target, source.record, adopted, rows, source.ended)
    target.adopted |= adopted
    target.ended |= source.ended
    target.checkpoint()  # what the files said is in the database itself before they go
    crash_point("folded")
    source.close(clean=False)
    places.remove(folder, source.number)


def carry(record: Record, number: int, target: Epoch, folder: Path) -> None:
    """Move the counts of an epoch that nothing can be read from."""
    _take_over(target, record, {number}, [], set())
    target.checkpoint()
    places.mark(folder, number).unlink(missing_ok=True)


def _take_over(
    target: Epoch, counts: Record, adopted: set[int], rows: list[tuple[object, ...]], ended_: set[bytes]
) -> None:
    record = target.record.copy()
    record.carry(counts)
    record.dead += counts.dead
    record.dead_bytes += counts.dead_bytes
    record.commits += 1
    packed = record.pack()
    db = target.db
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            places_ = "?, ?, ?, ?, ?, ?, ?, ?, ?"
            db.executemany(f"INSERT OR REPLACE INTO payload ({COLUMNS}) VALUES ({places_})", rows)
            db.executemany("INSERT OR IGNORE INTO folded VALUES (?)", [(number,) for number in adopted])
            db.executemany("INSERT OR IGNORE INTO ended VALUES (?)", [(key,) for key in ended_])
            db.execute("UPDATE meta SET value = ? WHERE key = 1", (packed,))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    except schema.ERRORS as error:
        raise target.judged(error) from error
    target.record = record
    target.mark.committed(packed)
