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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import OperationalError, PersistenceError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row, tuple_row

from events.postgres.statements import ddl, translated

CONNECT_SECONDS = 5
POOL_SECONDS = 10
"""How long a caller waits for a connection: long enough for a quick restart."""
LOCK_SECONDS = 30
IDLE_IN_TRANSACTION_SECONDS = 20
"""Less than others wait for the locks of a process that stands still."""
STATEMENT_SECONDS = 300
SILENT_SECONDS = 15
"""A server that no longer answers on the network is given up after this."""

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
_SESSION = {
    "client_min_messages": "warning",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}


class ConnectionLost(OperationalError):
    """The connection broke. What was being written may be committed or not: repeat it."""


class Cursor(psycopg.Cursor[tuple[Any, ...]]):
    """Takes our statements (``?``, ``:name``) and the library's; rows are tuples."""

    __slots__ = ()

    def execute(self, query: Any, params: Any = (), **options: Any) -> "Cursor":
        return super().execute(translated(query) if isinstance(query, str) else query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        super().executemany(translated(query) if isinstance(query, str) else query, params_seq, **options)


class Datastore(PostgresDatastore):
    """One schema of an organisation's database (``events.database.Database``). Safe for threads."""

    place = "notification_id"

    def __init__(self, url: str, schema: str = "public", pool_size: int = 5, wait_seconds: float = POOL_SECONDS):
        """``url``: any that libpq understands, with the role and how it is let in. Nothing is connected yet.
        At most ``pool_size`` connections: whoever needs one more waits ``wait_seconds`` for it."""
        if not _SCHEMA.fullmatch(schema):
            raise ValueError(f"not a plain schema name: {schema!r}")
        given: dict[str, Any] = dict(conninfo_to_dict(url))
        self.conninfo = make_conninfo(**{**_NETWORK, **given, "options": _options(schema, given.get("options"))})
        super().__init__("", "", "", "", "", schema=schema, lock_timeout=LOCK_SECONDS, originator_id_type="text")
        self.pool.close()
        self.pool = ConnectionPool(
            self.conninfo,
            connection_class=psycopg.Connection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=wait_seconds,
            # Its attempts come ever more seldom; after these seconds they begin anew with the next who asks.
            reconnect_timeout=wait_seconds,
            num_workers=1,
        )

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
                yield Cursor(connection, row_factory=tuple_row)

    def rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """Every row of a query, as tuples."""
        try:
            return self._rows(statement, parameters)
        except ConnectionLost:
            return self._rows(statement, parameters)

    def _rows(self, statement: str, parameters: Any) -> list[Any]:
        with self.get_connection() as connection:
            return Cursor(connection, row_factory=tuple_row).execute(statement, parameters).fetchall()

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
        cursor.execute(_LOCK, (name,))

    def wipe(self, *tables: str) -> bool:
        """Make room of what was deleted. Its bytes may stay in that room until something else is written there, and
        in the server's own log until that is recycled."""
        with self.get_connection() as connection:
            connection.execute(f"VACUUM {', '.join(tables)}".encode())
        return True


def _options(schema: str, given: Any) -> str:
    """libpq's ``options`` for a session; what was given in the URL counts last."""
    settings = {"search_path": schema, **_SESSION}
    return " ".join([*(f"-c {name}={value}" for name, value in settings.items()), *([given] if given else [])])
