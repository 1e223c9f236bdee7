"""What the authority alone keeps: clients by a keyed hash of their identity code, root keys, epochs. SQLite."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from consent.keys import Members
from events.sqlite import Datastore

_TABLES = (
    "CREATE TABLE IF NOT EXISTS clients (client_ref TEXT PRIMARY KEY, hetu_hash BLOB UNIQUE, root BLOB)",
    "CREATE TABLE IF NOT EXISTS epochs (number INTEGER PRIMARY KEY, client_ref TEXT, source TEXT, category TEXT, "
    "lane TEXT, members TEXT)",
    "CREATE INDEX IF NOT EXISTS epochs_of ON epochs (client_ref, source, category, lane)",
)


class Epoch(NamedTuple):
    """One epoch: fixed by its members. ``lane`` as in ``Wanted``; for a consent change it is the change's fact id."""

    number: int
    client_ref: str
    source: str
    category: str
    lane: str
    members: Members


class AuthorityStore:
    """Clients and epochs. Callers hold the authority's lock."""

    def __init__(self, path: Path):
        self.datastore = Datastore(path)
        with self.datastore.transaction(commit=True) as cursor:
            for table in _TABLES:
                cursor.execute(table)
        self._next = (self._one("SELECT MAX(number) FROM epochs")[0] or 0) + 1

    def client_by_hash(self, hetu_hash: bytes) -> str | None:
        row = self._one("SELECT client_ref FROM clients WHERE hetu_hash = ?", (hetu_hash,))
        return row[0] if row else None

    def add_client(self, client_ref: str, hetu_hash: bytes, root: bytes) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("INSERT INTO clients VALUES (?, ?, ?)", (client_ref, hetu_hash, root))

    def root(self, client_ref: str) -> bytes | None:
        """The sealed root key; None for a client that this authority does not know."""
        row = self._one("SELECT root FROM clients WHERE client_ref = ?", (client_ref,))
        return row[0] if row else None

    def client_refs(self) -> list[str]:
        return [r[0] for r in self.datastore.rows("SELECT client_ref FROM clients ORDER BY 1")]

    def epoch(self, number: int) -> Epoch | None:
        row = self._one("SELECT * FROM epochs WHERE number = ?", (number,))
        return _epoch(row) if row else None

    def current_epoch(self, client_ref: str, source: str, category: str, lane: str) -> Epoch | None:
        """The newest epoch of a lane."""
        row = self._one(
            "SELECT * FROM epochs WHERE client_ref = ? AND source = ? AND category = ? AND lane = ? "
            "ORDER BY number DESC LIMIT 1",
            (client_ref, source, category, lane),
        )
        return _epoch(row) if row else None

    def number(self) -> int:
        """A number for a new epoch."""
        self._next += 1
        return self._next - 1

    def add_epochs(self, epochs: Iterable[Epoch]) -> None:
        """Write new epochs durably, before anything is sealed under them."""
        rows = [(*e[:5], msgspec.json.encode(e.members).decode()) for e in epochs]
        with self.datastore.transaction(commit=True) as cursor:
            cursor.executemany("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _one(self, statement: str, parameters: Any = ()) -> Any:
        found = self.datastore.rows(statement, parameters)
        return found[0] if found else None

    def close(self) -> None:
        self.datastore.close()


def _epoch(row: tuple[Any, ...]) -> Epoch:
    number, client_ref, source, category, lane, members = row
    return Epoch(number, client_ref, source, category, lane, msgspec.json.decode(members, type=Members))
