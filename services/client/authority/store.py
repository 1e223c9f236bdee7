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

    def open_epochs(self, wanted: Sequence[Epoch], known: int | None = None) -> list[Epoch]:
        """Give new epochs their numbers and write them durably, before anything is sealed under them. ``known``: the
        highest number when they were found to be missing. Where another process has opened one with the same members
        since, that is given instead: two that put one change on the log must not do it under two. None: there is no
        other process."""
        with self.database.transaction(commit=True) as cursor:
            self.database.lock(cursor, "epochs")
            last = cursor.execute("SELECT MAX(number) FROM epochs").fetchone()[0] or 0
            since = {} if known is None or last <= known else self._opened_after(cursor, known)
            opened: list[Epoch] = []
            new: list[Epoch] = []
            for epoch in wanted:
                there = since.pop(epoch[1:5], None)
                if there is None or there.members != epoch.members:
                    there = epoch._replace(number=last + len(new) + 1)
                    new.append(there)
                opened.append(there)
            rows = [(*e[:5], msgspec.json.encode(e.members).decode(), e.begun_after) for e in new]
            cursor.executemany("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return opened

    def _opened_after(self, cursor: Any, number: int) -> dict[tuple[str, ...], Epoch]:
        """The newest of each lane."""
        rows = cursor.execute("SELECT * FROM epochs WHERE number > ? ORDER BY number", (number,)).fetchall()
        return {epoch[1:5]: epoch for epoch in map(_epoch, rows)}

    def _one(self, statement: str, parameters: Any = ()) -> Any:
        found = self.database.rows(statement, parameters)
        return found[0] if found else None

    def close(self) -> None:
        self.database.close()


def _epoch(row: tuple[Any, ...]) -> Epoch:
    number, client_ref, source, category, lane, members, begun_after = row
    return Epoch(number, client_ref, source, category, lane, msgspec.json.decode(members, type=Members), begun_after)
