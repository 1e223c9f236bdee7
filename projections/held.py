"""The facts of others that an organisation holds, its consent as it was told, and how far it has read.

Rows and positions change in one transaction. Own facts are not here: they are read from the own file.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

import msgspec

from consent.domain import CHANGES, Change
from events.codec import decode
from events.database import Database
from events.envelope import Fact
from projections.digests import Digest, digests_of

TABLES = (
    "CREATE TABLE IF NOT EXISTS held (position INTEGER PRIMARY KEY, client_ref TEXT, source TEXT, source_seq INTEGER, "
    "category TEXT, fact_date TEXT, day TEXT, data BLOB)",
    "CREATE UNIQUE INDEX IF NOT EXISTS held_fact ON held (client_ref, source, source_seq)",
    "CREATE TABLE IF NOT EXISTS consent_changes (position INTEGER PRIMARY KEY, client_ref TEXT, day TEXT, data BLOB)",
    "CREATE INDEX IF NOT EXISTS consent_client ON consent_changes (client_ref, position)",
    "CREATE TABLE IF NOT EXISTS day_edges (day TEXT, client_ref TEXT, PRIMARY KEY (day, client_ref))",
    "CREATE TABLE IF NOT EXISTS to_confirm (position INTEGER PRIMARY KEY, client_ref TEXT, change TEXT, removed INTEGER)",
    "CREATE TABLE IF NOT EXISTS set_aside (position INTEGER PRIMARY KEY, client_ref TEXT, record_id TEXT, reason TEXT)",
    "CREATE INDEX IF NOT EXISTS set_aside_client ON set_aside (client_ref)",
    "CREATE TABLE IF NOT EXISTS waiting (queue TEXT, position INTEGER, client_ref TEXT, PRIMARY KEY (queue, position))",
    "CREATE TABLE IF NOT EXISTS last_read (partition TEXT PRIMARY KEY, position INTEGER, record_id TEXT)",
    "CREATE TABLE IF NOT EXISTS days_passed (partition TEXT PRIMARY KEY, day TEXT)",
)

TO_HEAR = "to_hear"
"""Queue: records that the organisation may have to react to."""

TO_SEND_AGAIN = "to_send_again"
"""Queue: consent changes after which own facts may be due to somebody."""

TO_TRY_AGAIN = "to_try_again"
"""Queue: records set aside that somebody has asked to try again."""


WAITS_BEHIND = "waits behind an earlier record of the client"
"""Why a record is set aside that nobody has looked at."""


MANY = 1_000_000_000


class MovedMeanwhile(Exception):
    """Somebody else has read on in this view: nothing was written."""


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


class Waiting(NamedTuple):
    """A record of a client that waits in a queue of the view's."""

    queue: str
    position: int
    client_ref: str


class LastRead(NamedTuple):
    """How far a partition has been read: position and id of the last record. ``before``: how far until now."""

    partition: str
    before: int
    position: int
    record_id: str


class Batch(msgspec.Struct):
    """What one batch of records changes, written together with the positions it leads to."""

    rows: list[HeldRow] = []
    changes: list[tuple[int, str, date, bytes]] = []
    edges: list[tuple[date, str]] = []
    purges: list[tuple[str, list[int]]] = []
    to_confirm: list[ToConfirm] = []
    set_aside: list[SetAside] = []
    waiting: list[Waiting] = []


class HeldFacts:
    """One view."""

    def __init__(self, database: Database):
        self.database = database
        database.create(TABLES)
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
            return self.database.rows(statement, parameters)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._in_use(), self.database.transaction(commit=True) as cursor:
            yield cursor

    def become(self, new: "HeldFacts") -> None:
        """Take another view's place over its database: what reads or writes now is done with the old one first.
        Nobody writes to the new one meanwhile. The old database is closed."""
        with self._unused:
            self._unused.wait_for(lambda: self._users == 0)
            old, self.database = self.database, new.database
        old.close()

    # Reading

    def positions(self) -> dict[str, int]:
        """How far each partition has been read; none for one of which nothing was read yet."""
        return dict(self._rows("SELECT partition, position FROM last_read"))

    def last_read(self) -> list[tuple[str, int, str]]:
        """(partition, position, record id) of the last record read of each partition."""
        return self._rows("SELECT partition, position, record_id FROM last_read ORDER BY 1")

    def consent_version(self, client_ref: str) -> int:
        """Position of the last consent change of a client that was read; 0: none."""
        return self._rows("SELECT MAX(position) FROM consent_changes WHERE client_ref = ?", (client_ref,))[0][0] or 0

    def held(self, client_ref: str) -> list[HeldRow]:
        """Every fact held of a client, ordered by position."""
        rows = self._rows("SELECT * FROM held WHERE client_ref = ? ORDER BY position", (client_ref,))
        return [_row(r) for r in rows]

    def changes(self, client_ref: str) -> list[Change]:
        """The consent changes of a client as this organisation was told, in order."""
        return [_change(r) for r in self._rows(_CHANGES + "WHERE client_ref = ? ORDER BY position", (client_ref,))]

    def change_facts(self, client_ref: str) -> list[tuple[date, Fact]]:
        """The same as facts, each with the day it came."""
        rows = self._rows(_CHANGES + "WHERE client_ref = ? ORDER BY position", (client_ref,))
        return [(date.fromisoformat(day), decode(data)) for _, _, day, data in rows]

    def clients_with_edges(self, after: date, until: date) -> list[str]:
        """Clients of whom some grant begins or has ended on a day after ``after``, at the latest ``until``."""
        query = "SELECT DISTINCT client_ref FROM day_edges WHERE day > ? AND day <= ? ORDER BY 1"
        return [r[0] for r in self._rows(query, (after.isoformat(), until.isoformat()))]

    def days_passed(self) -> dict[str, date]:
        """The day until which what had expired was removed, by partition."""
        return {p: date.fromisoformat(day) for p, day in self._rows("SELECT partition, day FROM days_passed")}

    def waiting(self, queue: str, limit: int) -> list[Waiting]:
        """The next of a queue, by position."""
        query = "SELECT queue, position, client_ref FROM waiting WHERE queue = ? ORDER BY position LIMIT ?"
        return [Waiting(*r) for r in self._rows(query, (queue, limit))]

    def heard(self, position: int) -> HeldRow | ToConfirm | None:
        """What the record at a position brought, if it is still held."""
        if rows := self._rows("SELECT * FROM held WHERE position = ?", (position,)):
            return _row(rows[0])
        rows = self._rows("SELECT * FROM to_confirm WHERE position = ?", (position,))
        return ToConfirm(*rows[0]) if rows else None

    def is_set_aside(self, client_ref: str) -> bool:
        """Is some record of this client set aside?"""
        return bool(self._rows("SELECT 1 FROM set_aside WHERE client_ref = ? LIMIT 1", (client_ref,)))

    def set_aside(self, after: int = 0, limit: int = MANY) -> list[SetAside]:
        """The next behind a position. There can be very many: whoever may write to the log can put anything there."""
        query = "SELECT * FROM set_aside WHERE position > ? ORDER BY position LIMIT ?"
        return [SetAside(*r) for r in self._rows(query, (after, limit))]

    def count_set_aside(self, limit: int) -> int:
        """At most ``limit``."""
        return int(self._rows("SELECT COUNT(*) FROM (SELECT 1 FROM set_aside LIMIT ?) AS found", (limit,))[0][0])

    def clients_set_aside(self) -> set[str]:
        """Of whom some record is set aside."""
        return {r[0] for r in self._rows("SELECT DISTINCT client_ref FROM set_aside")}

    def introduced_clients(self) -> set[str]:
        """Of whom an introduction is held."""
        return {r[0] for r in self._rows("SELECT DISTINCT client_ref FROM held WHERE category = 'identity'")}

    def clients(self) -> list[str]:
        """Every client of whom a fact is held or a consent change known."""
        query = "SELECT client_ref FROM held UNION SELECT client_ref FROM consent_changes ORDER BY 1"
        return [r[0] for r in self._rows(query)]

    def digests(self) -> dict[str, Digest]:
        """See ``projections.digests``."""
        return digests_of(self._rows)

    # Writing

    def write(self, batch: Batch, read: Iterable[LastRead]) -> None:
        """Everything that a batch of records changes, and the positions it was read to, or nothing.
        Raises ``MovedMeanwhile``."""
        with self._writing() as cursor:
            for partition, before, position, record_id in read:
                cursor.execute(_READ_ON, (partition, position, record_id, before))
                if cursor.rowcount != 1:
                    raise MovedMeanwhile
            self._write(cursor, batch)

    def write_aside(self, batch: Batch, replayed: Iterable[SetAside] = ()) -> None:
        """Changes that come of no new record: an expiry, or set-aside records tried again."""
        with self._writing() as cursor:
            cursor.executemany("DELETE FROM set_aside WHERE position = ?", [(a.position,) for a in replayed])
            self._write(cursor, batch)

    def pass_day(self, day: date, partitions: Iterable[str]) -> None:
        """What had expired by this day is removed from these partitions."""
        with self._writing() as cursor:
            cursor.executemany(_PASS, [(p, day.isoformat()) for p in partitions])

    def done(self, done: Iterable[Waiting]) -> None:
        """These wait no longer."""
        with self._writing() as cursor:
            cursor.executemany("DELETE FROM waiting WHERE queue = ? AND position = ?", [d[:2] for d in done])

    def take_over(self, old: "HeldFacts", partition_at: Callable[[int], str]) -> None:
        """What waits here is what waits in the view that this one replaces, what that one had not come to, and what
        only this one understands. A day has passed here when it has passed there: what begins with it is sent then."""
        positions, aside = old.positions(), {a.position for a in old.set_aside()}
        still = {w for queue in (TO_HEAR, TO_SEND_AGAIN) for w in old.waiting(queue, MANY)}
        mine = [w for queue in (TO_HEAR, TO_SEND_AGAIN) for w in self.waiting(queue, MANY)]
        self.done(
            w for w in mine
            if w not in still and w.position not in aside and w.position <= positions.get(partition_at(w.position), 0)
        )
        with self._writing() as cursor:
            cursor.executemany(_WAIT, still)
        for partition, day in old.days_passed().items():
            self.pass_day(day, [partition])

    def ask_again(self) -> set[int]:
        """Ask whoever moves this view to try again what is set aside. Returns the records' positions."""
        asked = [Waiting(TO_TRY_AGAIN, a.position, a.client_ref) for a in self.set_aside()]
        with self._writing() as cursor:
            cursor.executemany(_WAIT, asked)
        return {a.position for a in asked}

    def _write(self, cursor: Any, batch: Batch) -> None:
        for _, positions in batch.purges:
            cursor.executemany("DELETE FROM held WHERE position = ?", [(p,) for p in positions])
        cursor.executemany(_HOLD, [(*r[:5], r[5].isoformat(), r[6].isoformat(), r[7]) for r in batch.rows])
        cursor.executemany(_CHANGE, [(p, c, day.isoformat(), data) for p, c, day, data in batch.changes])
        cursor.executemany(_EDGE, [(day.isoformat(), client) for day, client in batch.edges])
        cursor.executemany(_CONFIRM, batch.to_confirm)
        cursor.executemany(_SET_ASIDE, batch.set_aside)
        cursor.executemany(_WAIT, batch.waiting)

    def purged(self) -> None:
        """After a purge: what was removed is gone from the disk too, at the latest when its last reader is done."""
        self._unwiped = True
        self.wipe()

    def wipe(self) -> None:
        """Wipe what was purged and is on the disk still, unless somebody reads just now."""
        if self._unwiped:
            with self._in_use():
                self._unwiped = not self.database.wipe(*WIPED)

    def close(self) -> None:
        self.database.close()


WIPED = ("held", "consent_changes")

_HOLD = "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_ref, source, source_seq) DO NOTHING"
_CHANGE = "INSERT INTO consent_changes VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_EDGE = "INSERT INTO day_edges VALUES (?, ?) ON CONFLICT DO NOTHING"
_CONFIRM = "INSERT INTO to_confirm VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_SET_ASIDE = "INSERT INTO set_aside VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_WAIT = "INSERT INTO waiting VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_PASS = "INSERT INTO days_passed VALUES (?, ?) ON CONFLICT (partition) DO UPDATE SET day = excluded.day"
_READ_ON = (
    "INSERT INTO last_read VALUES (?, ?, ?) ON CONFLICT (partition) DO UPDATE "
    "SET position = excluded.position, record_id = excluded.record_id WHERE last_read.position = ?"
)
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
