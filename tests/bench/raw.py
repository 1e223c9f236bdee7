"""The plain baseline: the same way of the same bytes, by hand, on raw sqlite3, with the same durability.

Source table → seal → log table (unique id, client's order) → open → view table (one row a fact, by client), a
transaction a batch, positions with the rows. No consent, no signatures, no hiding of who wrote: what they cost
is what the ratio shows.
"""

import os
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.sealing import pad, unpad
from events.codec import encode, header
from events.envelope import Fact
from events.sqlite import CHECKPOINT_EVERY

BATCH = 500


def connect(path: Path, seldom: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16384")
    if seldom:
        connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection


class RawPipeline:
    """One source, one log, one view. SQLite checkpoints as it comes or, tuned, as ``seldom`` as the product does."""

    def __init__(self, folder: Path, seldom: bool = False):
        folder.mkdir(parents=True, exist_ok=True)
        self.source, self.log, self.view = (connect(folder / f"{n}.sqlite", seldom) for n in ("source", "log", "view"))
        self.source.execute("CREATE TABLE facts (n INTEGER PRIMARY KEY, client TEXT, seq INTEGER, data BLOB)")
        self.source.execute("CREATE TABLE position (n INTEGER)")
        self.log.execute("CREATE TABLE log (n INTEGER PRIMARY KEY, id TEXT, client TEXT, seq INTEGER, data BLOB)")
        self.log.execute("CREATE UNIQUE INDEX log_id ON log (id)")
        self.log.execute("CREATE UNIQUE INDEX log_client ON log (client, seq)")
        self.view.execute(
            "CREATE TABLE held (n INTEGER PRIMARY KEY, client TEXT, source TEXT, seq INTEGER, category TEXT, "
            "fact_date TEXT, data BLOB)"
        )
        self.view.execute("CREATE UNIQUE INDEX held_fact ON held (client, source, seq)")
        self.view.execute("CREATE TABLE position (n INTEGER)")
        self.source.execute("INSERT INTO position VALUES (0)")
        self.view.execute("INSERT INTO position VALUES (0)")
        self._ciphers: dict[str, AESGCM] = {}
        self._seldom, self._batches = seldom, 0

    def write(self, facts: list[Fact]) -> None:
        rows = [(f.client_ref, f.source_seq, encode(f)) for f in facts]
        self.source.execute("BEGIN IMMEDIATE")
        self.source.executemany("INSERT INTO facts (client, seq, data) VALUES (?, ?, ?)", rows)
        self.source.execute("COMMIT")

    def _cipher(self, client: str) -> AESGCM:
        cipher = self._ciphers.get(client)
        if cipher is None:
            cipher = self._ciphers[client] = AESGCM(bytes.fromhex(client))
        return cipher

    def publish(self) -> int:
        (position,) = self.source.execute("SELECT n FROM position").fetchone()
        facts = self.source.execute(
            "SELECT n, client, seq, data FROM facts WHERE n > ? ORDER BY n LIMIT ?", (position, BATCH)
        ).fetchall()
        if not facts:
            return 0
        rows = []
        for _, client, seq, data in facts:
            nonce = os.urandom(12)
            record_id = os.urandom(16).hex()
            rows.append((record_id, client, seq, nonce + self._cipher(client).encrypt(nonce, pad(data), record_id.encode())))
        self.log.execute("BEGIN IMMEDIATE")
        self.log.executemany("INSERT INTO log (id, client, seq, data) VALUES (?, ?, ?, ?)", rows)
        self.log.execute("COMMIT")
        self.source.execute("BEGIN IMMEDIATE")
        self.source.execute("UPDATE position SET n = ?", (facts[-1][0],))
        self.source.execute("COMMIT")
        return len(facts)

    def project(self) -> int:
        (position,) = self.view.execute("SELECT n FROM position").fetchone()
        records = self.log.execute(
            "SELECT n, id, client, data FROM log WHERE n > ? ORDER BY n LIMIT ?", (position, BATCH)
        ).fetchall()
        if not records:
            return 0
        rows = []
        for n, record_id, client, data in records:
            plain = unpad(self._cipher(client).decrypt(data[:12], data[12:], record_id.encode()))
            head = header(plain)
            rows.append((n, client, head.organisation, head.source_seq, head.category, head.fact_date.isoformat(), plain))
        self.view.execute("BEGIN IMMEDIATE")
        self.view.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self.view.execute("UPDATE position SET n = ?", (records[-1][0],))
        self.view.execute("COMMIT")
        return len(records)

    def run(self) -> None:
        """Until everything is in the view."""
        while self.publish():
            self.project()
            self._maybe_checkpoint()
        while self.project():
            pass
        if self._seldom:
            self._checkpoint()

    def _maybe_checkpoint(self) -> None:
        self._batches += 1
        if self._seldom and self._batches % CHECKPOINT_EVERY == 0:
            self._checkpoint()

    def _checkpoint(self) -> None:
        for connection in (self.source, self.log, self.view):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
