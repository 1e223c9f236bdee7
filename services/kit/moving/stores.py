"""An organisation's stores and view from SQLite files to its PostgreSQL database, in one transaction."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from events.postgres import Datastore
from services.kit.config import OrganisationConfig
from services.kit.data_directory import view_path
from services.kit.migrations import Tables
from services.kit.moving.log import Positions
from services.kit.moving.progress import CannotMove, Moved
from services.kit.servers import VIEW, DatabasePlace

MARK = "moved"
"""A named position of the store's: how many facts were moved, with all that belongs to them."""

TELL_EVERY = 5000

Row = tuple[Any, ...]
Change = Callable[[Row], Row]


class _Table:
    """One table on its way. ``columns`` as they are read; ``change`` puts new positions in."""

    def __init__(self, target: str, columns: str, change: Change = lambda row: row, source: str | None = None):
        self.target, self.columns, self.change = target, columns, change
        self.source = source or target.rpartition(".")[2]


def _store(at: Positions) -> list[_Table]:
    return [
        _Table(
            "stored_events (notification_id, originator_id, originator_version, topic, state)",
            "rowid, originator_id, originator_version, topic, state", source="stored_events",
        ),
        _Table("tracking (application_name, notification_id)", "application_name, notification_id", source="tracking"),
        _Table("published", "number, position, time, recipients", lambda r: (r[0], at.new(r[1]), *r[2:])),
        _Table("published_again", "number, lane, position, time, recipients", lambda r: (*r[:2], at.new(r[2]), *r[3:])),
        _Table("to_backfill", "client_ref"),
        _Table("reactions_refused", "position, client_ref, fact_id, code", lambda r: (at.new(r[0]), *r[1:])),
        _Table("register", "client_ref, sealed, introduced"),
        _Table(
            "dismissed", "position, client_ref, record_id, reason, because, person, dismissed_at",
            lambda r: (at.new(r[0]), *r[1:]),
        ),
    ]


def _authority() -> list[_Table]:
    """A consent change that is not on the log yet is looked for from the log's beginning."""
    return [
        _Table(f"{Tables.AUTHORITY.schema}.clients", "client_ref, hetu_hash, root"),
        _Table(f"{Tables.AUTHORITY.schema}.epochs", "number, client_ref, source, category, lane, members, 0"),
    ]


def _view(at: Positions) -> list[_Table]:
    def by_position(row: Row) -> Row:
        return (at.new(row[0]), *row[1:])

    return [
        _Table(f"{VIEW}.held", "position, client_ref, source, source_seq, category, fact_date, day, data", by_position),
        _Table(f"{VIEW}.consent_changes", "position, client_ref, day, data", by_position),
        _Table(f"{VIEW}.day_edges", "day, client_ref"),
        _Table(f"{VIEW}.to_confirm", "position, client_ref, change, removed", by_position),
        _Table(f"{VIEW}.set_aside", "position, client_ref, record_id, reason", by_position),
        _Table(f"{VIEW}.waiting", "queue, position, client_ref", lambda r: (r[0], at.new(r[1]), r[2])),
    ]


def move_organisation(
    data: Path, organisation: OrganisationConfig, at: Positions, url: str
) -> Iterator[Moved]:
    """Everything or nothing; done once. Raises ``CannotMove`` where the database holds something else."""
    folder = data / organisation.id
    DatabasePlace(organisation.id, url, data).view().close()  # makes its tables
    with closing(Datastore(url)) as database, closing(_reading(folder / "store.sqlite")) as store:
        (facts,) = store.execute("SELECT COUNT(*) FROM stored_events").fetchone()
        if _moved_before(database, facts, organisation.id):
            yield Moved(organisation.id, facts, facts)
            return
        files = [(store, _store(at))]
        with closing(_reading(view_path(folder))) as view, closing(_reading_authority(folder, organisation)) as authority:
            files += [(view, _view(at))] + ([(authority, _authority())] if organisation.kind == "client" else [])
            total = sum(_count(source, table) for source, tables in files for table in tables)
            done = 0
            with database.transaction(commit=True) as cursor:
                for source, tables in files:
                    for table in tables:
                        for copied in _copy(source, cursor, table):
                            done += copied
                            yield Moved(organisation.id, done, total)
                _finish(cursor, view, at, facts)


def _moved_before(database: Datastore, facts: int, organisation: str) -> bool:
    marked = database.rows("SELECT notification_id FROM tracking WHERE application_name = ?", (MARK,))
    there = database.rows("SELECT COUNT(*) FROM stored_events")[0][0]
    if marked and (marked[0][0], there) == (facts + 1, facts):
        return True
    if marked or there:
        raise CannotMove(f"the database of {organisation} holds something else already")
    return False


def _copy(source: sqlite3.Connection, cursor: Any, table: _Table) -> Iterator[int]:
    rows = source.execute(f"SELECT {table.columns} FROM {table.source}")
    with cursor.copy(f"COPY {table.target} FROM STDIN") as copy:
        while some := rows.fetchmany(TELL_EVERY):
            for row in some:
                copy.write_row(table.change(row))
            yield len(some)


def _finish(cursor: Any, view: sqlite3.Connection, at: Positions, facts: int) -> None:
    """Numbers go on after the last; every partition has been read to its end, on the day that had passed."""
    if facts:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), (SELECT MAX(notification_id) FROM stored_events))"
        )
    cursor.execute("INSERT INTO tracking (application_name, notification_id) VALUES (?, ?)", (MARK, facts + 1))
    last = [(p, position, record_id) for p, (position, record_id) in at.last.items()]
    cursor.executemany(f"INSERT INTO {VIEW}.last_read VALUES (?, ?, ?)", last)
    for (day,) in view.execute("SELECT day FROM days_passed").fetchall():
        cursor.executemany(f"INSERT INTO {VIEW}.days_passed VALUES (?, ?)", [(p, day) for p in at.last])


def _count(source: sqlite3.Connection, table: _Table) -> int:
    (count,) = source.execute(f"SELECT COUNT(*) FROM {table.source}").fetchone()
    return int(count)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def _reading_authority(folder: Path, organisation: OrganisationConfig) -> sqlite3.Connection:
    return _reading(folder / "authority.sqlite") if organisation.kind == "client" else sqlite3.connect(":memory:")
