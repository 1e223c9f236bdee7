"""SQLite as every store here uses it: the event store library's datastore with durable settings.

WAL with ``synchronous=FULL``: an acknowledged write survives a power loss. ``secure_delete`` overwrites
what is purged. Writers begin at once (``BEGIN IMMEDIATE``), so a second process waits instead of failing
half-way. SQLite before 3.51.3 can corrupt a WAL that several connections checkpoint at the same moment:
only the pool's writer checkpoints (``wipe``), connections never do so by themselves.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

LOCK_TIMEOUT_SECONDS = 30
CACHE_KIB = 16 * 1024
CHECKPOINT_EVERY = 64
"""Write transactions between checkpoints of the WAL."""


class _Pool(SQLiteConnectionPool):
    purges = True

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        raw: sqlite3.Connection = connection._sqlite_conn
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"PRAGMA secure_delete={'ON' if self.purges else 'OFF'}")
        raw.execute("PRAGMA wal_autocheckpoint=0")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return connection


class _Immediate(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return cursor


class Datastore(SQLiteDatastore):
    """One database file (``events.database.Database``). One writer at a time, readers beside it."""

    place = "rowid"

    def __init__(self, path: Path, originator_id_type: Literal["uuid", "text"] = "text", purges: bool = True):
        """``purges``: what is deleted is overwritten. A file of which nothing is ever deleted does without."""
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(str(path), lock_timeout=LOCK_TIMEOUT_SECONDS, originator_id_type=originator_id_type)
        self.path = path
        self.pool.close()
        self.pool = _Pool(db_name=str(path), lock_timeout=LOCK_TIMEOUT_SECONDS, pool_timeout=30)
        self.pool.purges = purges
        self._checkpointing = threading.Lock()
        self._since_checkpoint = 0

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[Any]:
        """A plain ``sqlite3.Cursor`` in a transaction: committed at the end, or rolled back."""
        kind = _Immediate if commit else SQLiteTransaction
        with self.get_connection(commit=commit) as connection:
            with kind(connection, commit=commit) as cursor, cursor as raw:
                yield raw
            if commit:
                self._maybe_checkpoint(connection)

    def rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """Every row of a query, as tuples."""
        with self.transaction(commit=False) as cursor:
            cursor.row_factory = None
            found: list[Any] = cursor.execute(statement, parameters).fetchall()
            return found

    def create(self, tables: Iterable[str]) -> None:
        """See ``Database``."""
        with self.transaction(commit=True) as cursor:
            for table in tables:
                cursor.execute(table)

    def lock(self, cursor: Any, name: str) -> None:
        """A writer is alone here anyway."""

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One process works on a file at a time."""
        yield

    def _maybe_checkpoint(self, connection: SQLiteConnection) -> None:
        self._since_checkpoint += 1
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            connection._sqlite_conn.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def wipe(self, *tables: str) -> bool:
        """Move the WAL into the file and truncate it: purged bytes are then gone from the disk too.
        False where a reader is in the way: nobody waits for one here, ask again."""
        with self.get_connection(commit=True) as connection:
            raw: sqlite3.Connection = connection._sqlite_conn
            raw.execute("PRAGMA busy_timeout=0")
            try:
                busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                return False
            finally:
                raw.execute(f"PRAGMA busy_timeout={LOCK_TIMEOUT_SECONDS * 1000}")
            return not busy
