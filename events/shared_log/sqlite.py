"""The shared log in one SQLite file, on the event store library's recorder.

``originator_id`` is the client, ``originator_version`` and the notification id (rowid) are the position, ``topic``
the record's id (unique), ``state`` its time and sealed data.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError
from eventsourcing.sqlite import SQLiteApplicationRecorder

from events.shared_log import Positioned, Record
from events.sqlite import Datastore

PARTITION = "0"

_INSERT = """INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state)
VALUES (:position, :subject, :position, :id, :state)"""
_READ = "SELECT rowid, originator_id, topic, state FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"
_HEAD = "SELECT MAX(rowid) FROM stored_events"
_POSITION = "SELECT rowid FROM stored_events WHERE topic = ?"


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

    def partitions(self) -> Sequence[str]:
        return (PARTITION,)

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        if not records:
            return []
        try:
            with self.datastore.transaction(commit=True) as cursor:
                return _append_new(cursor, records)
        except IntegrityError:  # some are on the log already, or twice in the batch
            with self.datastore.transaction(commit=True) as cursor:
                return [_append_once(cursor, record) for record in records]

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        rows = self.datastore.rows(_READ, (after, limit))
        return [
            Positioned(position, Record(id, subject, int.from_bytes(state[:8]), state[8:]))
            for position, subject, id, state in rows
        ]

    def head(self, partition: str) -> int:
        return self.recorder.max_notification_id() or 0

    def close(self) -> None:
        self.datastore.close()


def _append_new(cursor: Any, records: Sequence[Record]) -> Sequence[int]:
    """All of them are new: positions follow the last one without gaps. Raises the database's ``IntegrityError``."""
    first = (cursor.execute(_HEAD).fetchone()[0] or 0) + 1
    rows = [
        {"position": position, "subject": r.subject, "id": r.id, "state": r.time.to_bytes(8) + r.data}
        for position, r in enumerate(records, start=first)
    ]
    cursor.executemany(_INSERT, rows)
    return range(first, first + len(rows))


def _append_once(cursor: Any, record: Record) -> int:
    known = cursor.execute(_POSITION, (record.id,)).fetchone()
    return known[0] if known else _append_new(cursor, [record])[0]
