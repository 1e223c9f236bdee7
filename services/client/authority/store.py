"""What the authority alone keeps: clients by a keyed hash of their identity code, root keys, epochs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from consent.keys import Members
from events.database import Database

TABLES = (
    "CREATE TABLE IF NOT EXISTS clients (client_ref TEXT PRIMARY KEY, hetu_hash BLOB UNIQUE, root BLOB)",
    "CREATE TABLE IF NOT EXISTS epochs (number INTEGER PRIMARY KEY, client_ref TEXT, source TEXT, category TEXT, "
    "lane TEXT, members TEXT, begun_after INTEGER)",
    "CREATE INDEX IF NOT EXISTS epochs_of ON epochs (client_ref, source, category, lane)",
)


class Epoch(NamedTuple):
    """One epoch: fixed by its members. ``lane`` as in ``Wanted``; for a consent change it is the change's fact id, and
    ``begun_after`` the position behind which its record stands on the log, if it does."""

    number: int
    client_ref: str
    source: str
    category: str
    lane: str
    members: Members
    begun_after: int = 0


class AuthorityStore:
    """Clients and epochs. Safe for threads and, on PostgreSQL, for processes."""

    def __init__(self, database: Database):
        self.database = database

    def client_by_hash(self, hetu_hash: bytes) -> str | None:
        row = self._one("SELECT client_ref FROM clients WHERE hetu_hash = ?", (hetu_hash,))
        return row[0] if row else None

    def add_client(self, client_ref: str, hetu_hash: bytes, root: bytes) -> None:
        """Unless somebody was quicker: ask again by the hash."""
        with self.database.transaction(commit=True) as cursor:
            cursor.execute("INSERT INTO clients VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (client_ref, hetu_hash, root))

    def root(self, client_ref: str) -> bytes | None:
        """The sealed root key; None for a client that this authority does not know."""
        row = self._one("SELECT root FROM clients WHERE client_ref = ?", (client_ref,))
        return row[0] if row else None

    def client_refs(self) -> list[str]:
        return [r[0] for r in self.database.rows("SELECT client_ref FROM clients ORDER BY 1")]

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

    def newest_epoch(self) -> int:
        """The highest number; 0 when there is none."""
        return self._one("SELECT MAX(number) FROM epochs")[0] or 0

    def open_epochs(self, wanted: Sequence[Epoch]) -> list[Epoch]:
        """Give new epochs their numbers and write them durably, before anything is sealed under them."""
        with self.database.transaction(commit=True) as cursor:
            self.database.lock(cursor, "epochs")
            last = cursor.execute("SELECT MAX(number) FROM epochs").fetchone()[0] or 0
            opened = [epoch._replace(number=number) for number, epoch in enumerate(wanted, start=last + 1)]
            rows = [(*e[:5], msgspec.json.encode(e.members).decode(), e.begun_after) for e in opened]
            cursor.executemany("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return opened

    def _one(self, statement: str, parameters: Any = ()) -> Any:
        found = self.database.rows(statement, parameters)
        return found[0] if found else None

    def close(self) -> None:
        self.database.close()


def _epoch(row: tuple[Any, ...]) -> Epoch:
    number, client_ref, source, category, lane, members, begun_after = row
    return Epoch(number, client_ref, source, category, lane, msgspec.json.decode(members, type=Members), begun_after)
