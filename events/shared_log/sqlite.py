"""The shared log in one SQLite file, on the event store library's recorder.

``originator_id`` is the client, ``originator_version`` and the notification id (rowid) are the position, ``topic``
the record's id (unique), ``state`` its time and sealed data, ``trace`` what it comes of.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError
from eventsourcing.sqlite import SQLiteApplicationRecorder

from events.shared_log import Positioned, Record
from events.sqlite import Datastore

PARTITION = "0"

_INSERT = """INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state, trace)
VALUES (:position, :subject, :position, :id, :state, :trace)"""
_READ = "SELECT rowid, originator_id, topic, state, trace FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"
_HEAD = "SELECT MAX(rowid) FROM stored_events"
_POSITION = "SELECT rowid FROM stored_events WHERE topic = ?"
_FIRST = "SELECT rowid FROM stored_events WHERE topic = ? AND rowid > ?"
_TRACED = "SELECT 1 FROM pragma_table_info('stored_events') WHERE name = 'trace'"
LOOK_AGAIN_SECONDS = 0.02


class _Recorder(SQLiteApplicationRecorder):
    def construct_create_table_statements(self) -> list[str]:
        unique = f"CREATE UNIQUE INDEX IF NOT EXISTS record_id ON {self.events_table_name} (topic)"
        return [*super().construct_create_table_statements(), unique]


class SqliteSharedLog:
    """See ``events.shared_log.SharedLog``."""

    def __init__(self, path: Path):
        self.datastore = Datastore(path, purges=False)
        self.recorder = _Recorder(self.datastore)
        self.recorder.create_table()
        with self.datastore.transaction(commit=True) as cursor:
            if not cursor.execute(_TRACED).fetchone():
                cursor.execute("ALTER TABLE stored_events ADD COLUMN trace TEXT NOT NULL DEFAULT ''")

    def partitions(self) -> Sequence[str]:
        return (PARTITION,)

    def partition_of(self, subject: str) -> str:
        return PARTITION

    def partition_at(self, position: int) -> str:
        return PARTITION

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        if not records:
            return []
        try:
            with self.datastore.transaction(commit=True) as cursor:
                return _append_new(cursor, records)
        except IntegrityError:  # some are on the log already, or twice in the batch
            with self.datastore.transaction(commit=True) as cursor:
                return [_append_once(cursor, record) for record in records]

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        found = self.datastore.rows(_FIRST, (record_id, after))
        return found[0][0] if found else None

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        rows = self.datastore.rows(_READ, (after, limit))
        return [
            Positioned(position, Record(id, subject, int.from_bytes(state[:8]), state[8:], trace))
            for position, subject, id, state, trace in rows
        ]

    def head(self, partition: str) -> int:
        return self.recorder.max_notification_id() or 0

    def behind(self, after: Mapping[str, int]) -> int:
        return max(self.head(PARTITION) - after.get(PARTITION, 0), 0)

    def heads(self) -> Mapping[str, int]:
        return {PARTITION: self.head(PARTITION)}

    def missing_copies(self) -> int:
        return 0

    def reader(self, group: str | None = None) -> "SqliteLogReader":
        return SqliteLogReader(self)

    def close(self) -> None:
        self.datastore.close()


class SqliteLogReader:
    """See ``events.shared_log.LogReader``. A group has one reader here: the file is one process's to follow."""

    def __init__(self, log: SqliteSharedLog):
        self._log = log

    def partitions(self) -> Sequence[str]:
        return self._log.partitions()

    def next(self, after: Mapping[str, int], limit: int) -> Mapping[str, Sequence[Positioned]]:
        records = self._log.read(PARTITION, after[PARTITION], limit) if PARTITION in after else ()
        return {PARTITION: records} if records else {}

    def wait(self, seconds: float) -> None:
        """SQLite tells nobody: look whether the head moves."""
        head, until = self._log.head(PARTITION), time.monotonic() + seconds
        while self._log.head(PARTITION) == head and time.monotonic() < until:
            time.sleep(LOOK_AGAIN_SECONDS)

    def close(self) -> None:
        pass


def _append_new(cursor: Any, records: Sequence[Record]) -> Sequence[int]:
    """All of them are new: positions follow the last one without gaps. Raises the database's ``IntegrityError``."""
    first = (cursor.execute(_HEAD).fetchone()[0] or 0) + 1
    rows = [
        {"position": position, "subject": r.subject, "id": r.id, "state": r.time.to_bytes(8) + r.data, "trace": r.trace}
        for position, r in enumerate(records, start=first)
    ]
    cursor.executemany(_INSERT, rows)
    return range(first, first + len(rows))


def _append_once(cursor: Any, record: Record) -> int:
    known = cursor.execute(_POSITION, (record.id,)).fetchone()
    return known[0] if known else _append_new(cursor, [record])[0]
