"""What the stores need of a database, so that each of their statements is written once, for SQLite and PostgreSQL.

Statements have ``?`` for parameters, the upserts that both know (``ON CONFLICT``), and tables with INTEGER, TEXT and BLOB.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Cursor(Protocol):
    """A cursor in a transaction. Rows are tuples."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, statement: str, parameters: Any = ..., /) -> Any: ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Database(Protocol):
    """One database, or one schema of it. Safe for threads. Errors are those of ``eventsourcing.persistence``."""

    place: str
    """The column of ``stored_events`` that numbers all facts."""

    def transaction(self, *, commit: bool) -> AbstractContextManager[Any]:
        """A ``Cursor`` in a transaction: committed at the end, or rolled back."""

    def rows(self, statement: str, parameters: Any = ()) -> list[Any]:
        """Every row of a query, as tuples."""

    def create(self, tables: Iterable[str]) -> None:
        """Create tables and indexes that are not there yet."""

    def lock(self, cursor: Any, name: str) -> None:
        """Nobody else holds this lock until the transaction ends."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Only one process at a time is inside; where there can only be one, it is not kept out by itself."""

    def wipe(self, *tables: str) -> bool:
        """What was deleted from these tables is gone from the disk too, as far as the database can. False where
        somebody reads it just now: ask again."""

    def close(self) -> None: ...
