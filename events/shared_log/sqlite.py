"""The shared log in one SQLite file, on the event store library's recorder.

``originator_id`` is the client, ``originator_version`` the record's number in the client's stream, ``topic``
the record's id (unique), ``state`` its time and sealed data; the notification id (rowid) is the position.
"""

from collections.abc import Sequence
from pathlib import Path

from eventsourcing.sqlite import SQLiteApplicationRecorder

from events.shared_log import Positioned, Record
from events.sqlite import Datastore

PARTITION = "0"

_INSERT = """INSERT INTO stored_events (originator_id, originator_version, topic, state)
SELECT :subject, COALESCE(MAX(originator_version), 0) + 1, :id, :state
FROM stored_events WHERE originator_id = :subject
ON CONFLICT (topic) DO NOTHING"""
_READ = "SELECT rowid, originator_id, topic, state FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"
_POSITION = "SELECT rowid FROM stored_events WHERE topic = ?"


class _Recorder(SQLiteApplicationRecorder):
    def construct_create_table_statements(self) -> list[str]:
        unique = f"CREATE UNIQUE INDEX IF NOT EXISTS record_id ON {self.events_table_name} (topic)"
        return [*super().construct_create_table_statements(), unique]


class SqliteSharedLog:
    """See ``events.shared_log.SharedLog``."""

    def __init__(self, path: Path):
        self.datastore = Datastore(path)
        self.recorder = _Recorder(self.datastore)
        self.recorder.create_table()

    def partitions(self) -> Sequence[str]:
        return (PARTITION,)

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        if not records:
            return []
        rows = [{"subject": r.subject, "id": r.id, "state": r.time.to_bytes(8) + r.data} for r in records]
        with self.datastore.transaction(commit=True) as cursor:
            cursor.executemany(_INSERT, rows)
            if cursor.rowcount == len(rows):
                (last,) = cursor.execute("SELECT last_insert_rowid()").fetchone()
                return range(last - len(rows) + 1, last + 1)
            return [cursor.execute(_POSITION, (r.id,)).fetchone()[0] for r in records]

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
