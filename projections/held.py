"""The facts of others that an organisation holds, its consent as it was told, and how far it has read: SQLite.

Rows and position change in one transaction. Own facts are not here: they are read from the own file.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteTrackingRecorder

from consent.domain import CHANGES, Change
from events.codec import decode
from events.envelope import Fact
from events.sqlite import Datastore

_TABLES = (
    "CREATE TABLE IF NOT EXISTS held (position INTEGER PRIMARY KEY, client_ref TEXT, source TEXT, source_seq INTEGER, "
    "category TEXT, fact_date TEXT, day TEXT, data BLOB)",
    "CREATE UNIQUE INDEX IF NOT EXISTS held_fact ON held (client_ref, source, source_seq)",
    "CREATE TABLE IF NOT EXISTS consent_changes (position INTEGER PRIMARY KEY, client_ref TEXT, day TEXT, data BLOB)",
    "CREATE INDEX IF NOT EXISTS consent_client ON consent_changes (client_ref)",
    "CREATE TABLE IF NOT EXISTS day_edges (day TEXT, client_ref TEXT, PRIMARY KEY (day, client_ref)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS to_confirm (position INTEGER PRIMARY KEY, client_ref TEXT, change TEXT, removed INTEGER)",
    "CREATE TABLE IF NOT EXISTS set_aside (position INTEGER PRIMARY KEY, client_ref TEXT, record_id TEXT, reason TEXT)",
    "CREATE TABLE IF NOT EXISTS last_read (partition TEXT PRIMARY KEY, position INTEGER, record_id TEXT)",
    "CREATE TABLE IF NOT EXISTS understood_late (position INTEGER PRIMARY KEY, client_ref TEXT)",
)


class HeldRow(NamedTuple):
    """A fact held. ``position`` and ``day`` are its record's; ``fact_date`` as ``Fact.fact_date``."""

    position: int
    client_ref: str
    source: str
    source_seq: int
    category: str
    fact_date: date
    day: date
    data: bytes


class ToConfirm(NamedTuple):
    """A consent change after which this organisation has removed what it may no longer hold."""

    position: int
    client_ref: str
    change: str
    removed: int


class SetAside(NamedTuple):
    """A record that could not be understood, in plain sight; the client's later records wait behind it."""

    position: int
    client_ref: str
    record_id: str
    reason: str


class Batch(msgspec.Struct):
    """What one batch of records changes, written together with the position it leads to."""

    rows: list[HeldRow] = []
    changes: list[tuple[int, str, date, bytes]] = []
    edges: list[tuple[date, str]] = []
    purges: list[tuple[str, list[int]]] = []
    to_confirm: list[ToConfirm] = []
    set_aside: list[SetAside] = []


class _Recorder(SQLiteTrackingRecorder):
    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *_TABLES]


class HeldFacts:
    """One view database. ``position`` is how far the shared log has been read, by partition."""

    def __init__(self, path: Path):
        self.path = path
        self.datastore = Datastore(path)
        self.recorder = _Recorder(self.datastore)
        self.recorder.create_table()
        self._unwiped = True
        """Whoever had it open before may have been killed between a purge and its wiping."""
        self._users = 0
        self._unused = threading.Condition()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """The database stays while it is read or written; ``become`` waits for it."""
        with self._unused:
            self._users += 1
        try:
            yield
        finally:
            with self._unused:
                self._users -= 1
                self._unused.notify_all()

    def _rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        with self._in_use():
            return self.datastore.rows(statement, parameters)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._in_use(), self.datastore.transaction(commit=True) as cursor:
            yield cursor

    def become(self, new: "HeldFacts") -> Path:
        """Take another view's place over its database: what reads or writes now is done with the old one first.
        Nobody writes to the new one meanwhile. Returns the old one's path; nobody here has it open any more."""
        with self._unused:
            self._unused.wait_for(lambda: self._users == 0)
            old, self.datastore, self.recorder = self.datastore, new.datastore, new.recorder
            left, self.path = self.path, new.path
        old.close()
        return left

    # Reading

    def position(self, partition: str) -> int:
        with self._in_use():
            return self.recorder.max_tracking_id(f"log/{partition}") or 0

    def newest(self) -> int:
        """The last position of which there is something to react to."""
        query = "SELECT MAX(p) FROM (SELECT MAX(position) AS p FROM held UNION ALL SELECT MAX(position) FROM to_confirm)"
        return self._rows(query)[0][0] or 0

    def last_read(self, partition: str) -> tuple[int, str] | None:
        """Position and id of the last record read; None where nothing was read yet."""
        rows = self._rows("SELECT position, record_id FROM last_read WHERE partition = ?", (partition,))
        return (rows[0][0], rows[0][1]) if rows else None

    def held(self, client_ref: str) -> list[HeldRow]:
        """Every fact held of a client, ordered by position."""
        rows = self._rows("SELECT * FROM held WHERE client_ref = ? ORDER BY position", (client_ref,))
        return [_row(r) for r in rows]

    def held_after(self, position: int, limit: int) -> list[HeldRow]:
        """Facts held that came after a position, in order."""
        return [_row(r) for r in self._rows("SELECT * FROM held WHERE position > ? ORDER BY position LIMIT ?", (position, limit))]

    def changes(self, client_ref: str) -> list[Change]:
        """The consent changes of a client as this organisation was told, in order."""
        return [_change(r) for r in self._rows(_CHANGES + "WHERE client_ref = ? ORDER BY position", (client_ref,))]

    def change_facts(self, client_ref: str) -> list[tuple[date, Fact]]:
        """The same as facts, each with the day it came."""
        rows = self._rows(_CHANGES + "WHERE client_ref = ? ORDER BY position", (client_ref,))
        return [(date.fromisoformat(day), decode(data)) for _, _, day, data in rows]

    def changed_after(self, position: int, limit: int) -> list[tuple[int, str]]:
        """(position, client_ref) of the consent changes after a position."""
        query = "SELECT position, client_ref FROM consent_changes WHERE position > ? ORDER BY position LIMIT ?"
        return self._rows(query, (position, limit))

    def clients_with_edges(self, after: date, until: date) -> list[str]:
        """Clients of whom some grant begins or has ended on a day after ``after``, at the latest ``until``."""
        query = "SELECT DISTINCT client_ref FROM day_edges WHERE day > ? AND day <= ? ORDER BY 1"
        return [r[0] for r in self._rows(query, (after.isoformat(), until.isoformat()))]

    def to_confirm(self, position: int, limit: int) -> list[ToConfirm]:
        query = "SELECT * FROM to_confirm WHERE position > ? ORDER BY position LIMIT ?"
        return [ToConfirm(*r) for r in self._rows(query, (position, limit))]

    def understood_late(self) -> list[tuple[int, str]]:
        """(position, client_ref) of records that were set aside, are understood now, and wait to be reacted to."""
        return self._rows("SELECT position, client_ref FROM understood_late ORDER BY position")

    def set_aside(self) -> list[SetAside]:
        return [SetAside(*r) for r in self._rows("SELECT * FROM set_aside ORDER BY position")]

    def clients(self) -> list[str]:
        """Every client of whom a fact is held or a consent change known."""
        query = "SELECT client_ref FROM held UNION SELECT client_ref FROM consent_changes ORDER BY 1"
        return [r[0] for r in self._rows(query)]

    def contents(self) -> dict[str, list[Any]]:
        """Every row, for comparing a rebuilt view with the running one: facts by (day, organisation, place)."""
        return {
            "held": self._rows("SELECT * FROM held ORDER BY json_extract(CAST(data AS TEXT), '$.occurred_on'), source, source_seq, client_ref"),
            "consent_changes": self._rows("SELECT * FROM consent_changes ORDER BY position"),
            "day_edges": self._rows("SELECT * FROM day_edges ORDER BY 1, 2"),
            "to_confirm": self._rows("SELECT position, client_ref, change FROM to_confirm ORDER BY position"),
            "set_aside": self._rows("SELECT position, client_ref, record_id FROM set_aside ORDER BY position"),
        }

    # Writing

    def write(self, batch: Batch, partition: str, position: int, record_id: str = "") -> None:
        """Everything that a batch of records changes, and the position and record it was read to, or nothing."""
        with self._writing() as cursor:
            self._write(cursor, batch)
            cursor.execute("INSERT OR REPLACE INTO last_read VALUES (?, ?, ?)", (partition, position, record_id))
            self.recorder._insert_tracking(cursor, Tracking(f"log/{partition}", position))

    def write_aside(self, batch: Batch, replayed: Iterable[SetAside] = ()) -> None:
        """Changes that come of no new record: an expiry, or set-aside records tried again. Those now understood are
        to be heard late: the reactions have gone past them."""
        replayed = list(replayed)
        with self._writing() as cursor:
            cursor.executemany("DELETE FROM set_aside WHERE position = ?", [(a.position,) for a in replayed])
            self._write(cursor, batch)
            again = {a.position for a in batch.set_aside}
            self._write_late(cursor, [a for a in replayed if a.position not in again])

    def take_over(self, old: "HeldFacts") -> None:
        """From the view that this one replaces: what waits to be heard late, and what only this one understands."""
        aside = {a.position for a in self.set_aside()}
        late = old.understood_late()
        late += [(a.position, a.client_ref) for a in old.set_aside() if a.position not in aside]
        with self._writing() as cursor:
            cursor.executemany("INSERT OR IGNORE INTO understood_late VALUES (?, ?)", late)

    def _write_late(self, cursor: Any, understood: list[SetAside]) -> None:
        rows = [(a.position, a.client_ref) for a in understood]
        cursor.executemany("INSERT OR IGNORE INTO understood_late VALUES (?, ?)", rows)

    def heard_late(self, position: int) -> None:
        """The reaction to a record understood late is written."""
        with self._writing() as cursor:
            cursor.execute("DELETE FROM understood_late WHERE position = ?", (position,))

    def _write(self, cursor: Any, batch: Batch) -> None:
        for _, positions in batch.purges:
            cursor.executemany("DELETE FROM held WHERE position = ?", [(p,) for p in positions])
        insert = "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_ref, source, source_seq) DO NOTHING"
        cursor.executemany(insert, [(*r[:5], r[5].isoformat(), r[6].isoformat(), r[7]) for r in batch.rows])
        changes = [(p, c, day.isoformat(), data) for p, c, day, data in batch.changes]
        cursor.executemany("INSERT OR IGNORE INTO consent_changes VALUES (?, ?, ?, ?)", changes)
        edges = [(day.isoformat(), client) for day, client in batch.edges]
        cursor.executemany("INSERT OR IGNORE INTO day_edges VALUES (?, ?)", edges)
        cursor.executemany("INSERT OR IGNORE INTO to_confirm VALUES (?, ?, ?, ?)", batch.to_confirm)
        cursor.executemany("INSERT OR IGNORE INTO set_aside VALUES (?, ?, ?, ?)", batch.set_aside)

    def purged(self) -> None:
        """After a purge: what was removed is gone from the disk too, at the latest when its last reader is done."""
        self._unwiped = True
        self.wipe()

    def wipe(self) -> None:
        """Wipe what was purged and is on the disk still, unless somebody reads just now."""
        if self._unwiped:
            with self._in_use():
                self._unwiped = not self.datastore.checkpoint()

    def close(self) -> None:
        self.datastore.close()


_CHANGES = "SELECT position, client_ref, day, data FROM consent_changes "


def _row(row: tuple[Any, ...]) -> HeldRow:
    position, client_ref, source, source_seq, category, fact_date, day, data = row
    dates = date.fromisoformat(fact_date), date.fromisoformat(day)
    return HeldRow(position, client_ref, source, source_seq, category, *dates, data)


def _change(row: tuple[Any, ...]) -> Change:
    position, _, day, data = row
    fact = decode(data)
    assert isinstance(fact.says, CHANGES)
    return Change(position, date.fromisoformat(day), fact.ref, fact.says)
