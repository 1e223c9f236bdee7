"""PostgreSQL as every store here uses it: the event store library's datastore with psycopg's pool.

**A server that restarts is survived.** A connection that broke raises ``ConnectionLost``, and the whole pool is made
anew at once, so that one loss is all that a restart causes. ``rows`` then reads once more on a fresh connection. A
write raises: nobody here knows whether it was committed. Whoever asked repeats it, as every write here can be.

**Nothing waits for ever.** Connecting, waiting for a connection, for a lock, and for a statement all end in an
``OperationalError``; a session that stops in the middle of a transaction is ended by the server.

The schema is set for each session (``search_path``), and statements are prepared in it: a pooler between us and the
server must keep a session for a connection (pgbouncer: ``pool_mode=session``).
"""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import OperationalError, PersistenceError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import IsolationLevel
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import _WaitTimeout
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg.sql import SQL

from events.postgres.statements import ddl, plain_insert, translated

CONNECT_SECONDS = 5
POOL_SECONDS = 10
"""How long a caller waits for a connection: long enough for a quick restart."""
LOCK_SECONDS = 30
IDLE_IN_TRANSACTION_SECONDS = 20
"""Less than others wait for the locks of a process that stands still."""
STATEMENT_SECONDS = 60
SILENT_SECONDS = 15
"""A server that no longer answers is given up this long after it should have, one whose machine is gone after this."""
WIPE_SECONDS = 6 * 3600.0

T = TypeVar("T")

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_NAMED = "hashtextextended(?, 0)"
_SESSION = {
    "client_min_messages": "warning",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    # A plan kept from when a table was small would read all of it when it has grown.
    "plan_cache_mode": "force_custom_plan",
}
_DELETED_BUT_THERE = (
    "SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = ? AND relname = ANY(?)"
)
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}


class ConnectionLost(OperationalError):
    """The connection broke. What was being written may be committed or not: repeat it."""


class Connection(psycopg.Connection[DictRow]):
    """The server ends what takes too long; a server that does not even do that is given up."""

    answer_seconds: float = STATEMENT_SECONDS + SILENT_SECONDS

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.answer_seconds if timeout is None else timeout)
        except _WaitTimeout:
            if timeout is None:
                self.pgconn.finish()
            raise


def connected(url: str) -> Connection:
    """A connection for one who keeps it: nothing on it waits for ever, and each statement is one by itself.
    Raises ``psycopg.Error``."""
    return Connection.connect(_conninfo(url, "public"), autocommit=True, row_factory=tuple_row)  # type: ignore[arg-type]


class Cursor(psycopg.Cursor[tuple[Any, ...]]):
    """Takes our statements (``?``, ``:name``) and the library's; rows are tuples."""

    __slots__ = ("_columns",)

    def __init__(self, connection: psycopg.Connection[Any], columns: dict[str, str]):
        """``columns``: what is known of tables' column types."""
        super().__init__(connection, row_factory=tuple_row)
        self._columns = columns

    def execute(self, query: Any, params: Any = (), **options: Any) -> "Cursor":
        return super().execute(translated(query) if isinstance(query, str) else query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """A plain insert goes as one statement, a list for each column: much cheaper than a statement for each row.
        Each column's values are of one type."""
        into = plain_insert(query) if isinstance(query, str) else None
        if into is None:
            super().executemany(translated(query) if isinstance(query, str) else query, params_seq, **options)
        elif rows := list(params_seq):
            lists = self._columns.get(into.table) or self._look_up(into.table)
            insert = SQL(f"INSERT INTO {into.table} SELECT * FROM unnest({lists}) {into.conflict}")
            super().execute(insert, [list(column) for column in zip(*rows, strict=True)], **options)

    def _look_up(self, table: str) -> str:
        """A table's columns as the lists of ``unnest``."""
        described = super().execute(SQL(f"SELECT * FROM {table} LIMIT 0")).description or ()
        types = self.adapters.types
        self._columns[table] = lists = ", ".join(f"%b::{types[c.type_code].name}[]" for c in described)
        return lists


class Datastore(PostgresDatastore):
    """One schema of an organisation's database (``events.database.Database``). Safe for threads."""

    place = "notification_id"

    def __init__(self, url: str, schema: str = "public", pool_size: int = 5, wait_seconds: float = POOL_SECONDS):
        """``url``: any that libpq understands, with the role and how it is let in. Nothing is connected yet.
        At most ``pool_size`` connections: whoever needs one more waits ``wait_seconds`` for it."""
        if not _SCHEMA.fullmatch(schema):
            raise ValueError(f"not a plain schema name: {schema!r}")
        self.conninfo = _conninfo(url, schema)
        super().__init__("", "", "", "", "", schema=schema, lock_timeout=LOCK_SECONDS, originator_id_type="text")
        self.pool.close()
        self.pool = ConnectionPool(
            self.conninfo,
            connection_class=Connection,
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=wait_seconds,
            # Its attempts come ever more seldom; after these seconds they begin anew with the next who asks.
            reconnect_timeout=wait_seconds,
            num_workers=1,
        )
        self._columns = dict[str, str]()
        self._alone = threading.RLock()

    def register_type_adapters(self) -> None:
        """None of the library's composite types are used here: nothing is asked of the server at the start."""

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """As the library's. Raises ``ConnectionLost`` where it broke."""
        connection: psycopg.Connection[DictRow] | None = None
        try:
            with super().get_connection() as connection:
                yield connection
        except PersistenceError as error:
            if connection is None or not connection.broken:
                raise
            # The others have most likely broken too, and would tell so one by one.
            self.pool.drain()
            raise ConnectionLost(str(error)) from error

    @contextmanager
    def transaction(self, *, commit: bool = False) -> Iterator[Any]:
        """A ``Cursor`` in a transaction: committed at the end, or rolled back. One that is not committed only reads,
        and everything as of one moment. Others write at the same time: see ``lock``."""
        with self.get_connection() as connection:
            connection.isolation_level = None if commit else IsolationLevel.REPEATABLE_READ
            connection.read_only = None if commit else True
            with connection.transaction(force_rollback=not commit):
                yield Cursor(connection, self._columns)

    @contextmanager
    def statements(self) -> Iterator[Cursor]:
        """A cursor outside any transaction: each statement is one by itself."""
        with self.get_connection() as connection:
            yield Cursor(connection, self._columns)

    def rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """Every row of a query, as tuples."""
        try:
            return self._rows(statement, parameters)
        except ConnectionLost:
            return self._rows(statement, parameters)

    def _rows(self, statement: str, parameters: Any) -> list[Any]:
        with self.statements() as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def create(self, tables: Iterable[str]) -> None:
        """Create the schema, its tables and indexes that are not there yet. Several may do so at once."""
        with self.transaction(commit=True) as cursor:
            self.lock(cursor, f"create {self.schema}")
            if self.schema != "public":
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
            for table in tables:
                cursor.execute(ddl(table))

    def lock(self, cursor: Any, name: str) -> None:
        """Nobody else in this database holds this lock until the transaction ends."""
        cursor.execute(f"SELECT pg_advisory_xact_lock({_NAMED})", (name,))

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Only one in this database is inside, of all processes and threads. A connection that breaks lets the next
        one in early; whoever was inside then gets ``ConnectionLost`` at the end."""
        # One thread of ours at a time: waiting threads must not take every connection from the one inside.
        with self._alone, self.statements() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({_NAMED})", (name,))
            try:
                yield
            finally:
                cursor.execute(f"SELECT pg_advisory_unlock({_NAMED})", (name,))

    def wipe(self, *tables: str) -> bool:
        """Take what was deleted out of the tables and their indexes. False where somebody reads as of a moment before
        it was deleted: ask again. Its bytes may stay in the free room of the files until something else is written
        there, and in the server's own log until that is recycled."""
        with self.statements() as cursor:
            connection = cursor.connection
            assert isinstance(connection, Connection)
            cursor.execute("SET statement_timeout = 0")
            connection.answer_seconds = WIPE_SECONDS
            try:
                cursor.execute(f"VACUUM (INDEX_CLEANUP ON) {', '.join(tables)}")
            finally:
                connection.answer_seconds = Connection.answer_seconds
                cursor.execute("RESET statement_timeout")
            left = cursor.execute(_DELETED_BUT_THERE, (self.schema, list(tables))).fetchone()
        return left == (0,)


def _conninfo(url: str, schema: str) -> str:
    """With what holds for every session; what the URL says counts more."""
    given: dict[str, Any] = dict(conninfo_to_dict(url))
    options = " ".join(f"-c {name}={value}" for name, value in {"search_path": schema, **_SESSION}.items())
    return make_conninfo(**{**_NETWORK, **given, "options": f"{options} {given.get('options') or ''}".rstrip()})

