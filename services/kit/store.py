"""An organisation's own store on SQLite: its files (one stream of facts per client), what of them has been
published, its positions, and its client register. An ``eventsourcing`` Application with the library's recorder."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError, Mapper, StoredEvent, Tracking
from eventsourcing.sqlite import SQLiteFactory, SQLiteProcessRecorder
from eventsourcing.utils import Environment

from consent.release import Outgoing, Released
from events.codec import decode, encode, header
from events.envelope import Fact
from events.sqlite import Datastore
from services.kit.client_file import ClientFile

PUBLISHER = "publisher"
CACHED_FILES = 1000

_TABLES = (
    "CREATE TABLE IF NOT EXISTS published ("
    "number INTEGER PRIMARY KEY, position INTEGER, time INTEGER, recipients TEXT)",
    "CREATE TABLE IF NOT EXISTS published_again ("
    "number INTEGER, lane TEXT, position INTEGER, time INTEGER, recipients TEXT)",
    "CREATE INDEX IF NOT EXISTS again_number ON published_again (number)",
    "CREATE TABLE IF NOT EXISTS to_backfill (client_ref TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS reactions_refused (position INTEGER PRIMARY KEY, client_ref TEXT, fact_id TEXT, code TEXT)",
    "CREATE TABLE IF NOT EXISTS register (client_ref TEXT PRIMARY KEY, sealed BLOB, introduced INTEGER)",
)
_PUBLISHED = "INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?)"
_AGAIN = "INSERT INTO published_again VALUES (?, ?, ?, ?, ?)"
_OWN_FACTS = "SELECT rowid, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version"
_VERSION = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
_PUBLICATIONS = """
SELECT e.rowid, p.position, p.time, p.recipients FROM stored_events e JOIN published p ON p.number = e.rowid
WHERE e.originator_id = :client
UNION ALL
SELECT e.rowid, a.position, a.time, a.recipients FROM stored_events e JOIN published_again a ON a.number = e.rowid
WHERE e.originator_id = :client"""


class WrittenMeanwhile(Exception):
    """Somebody else wrote to this file first: load it again and decide again."""


class Publication(NamedTuple):
    """Where and for whom a fact stands on the shared log. ``time`` as in ``Record``."""

    number: int
    position: int
    time: int
    recipients: frozenset[str]


class _FactMapper(Mapper[str]):
    """A fact's bytes are its stored state: what is sealed later is what was written."""

    def __init__(self) -> None:
        pass

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        fact: Fact = domain_event
        return StoredEvent(fact.client_ref, fact.source_seq, f"{fact.name}.v{fact.version}", encode(fact))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return decode(stored_event.state)


class _Recorder(SQLiteProcessRecorder):
    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *_TABLES]


class _Factory(SQLiteFactory):
    process_recorder_class = _Recorder

    def __init__(self, env: Environment):
        super().__init__(env)
        self.datastore.close()
        self.datastore = Datastore(Path(env["SQLITE_DBNAME"]))


class ClientFiles(Application[str]):
    """The organisation's files. One stream per client; ``source_seq`` is the version."""

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        return _Factory(env)

    def construct_mapper(self) -> Mapper[str]:
        return _FactMapper()

    def construct_recorder(self) -> Any:
        return self.factory.process_recorder()


class OrganisationStore:
    """What the organisation keeps. Safe for threads; one writer at a time."""

    def __init__(self, path: Path, organisation: str):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.organisation = organisation
        self.files = ClientFiles(env={"SQLITE_DBNAME": str(path), "ORIGINATOR_ID_TYPE": "text"})
        self.recorder: _Recorder = self.files.recorder  # type: ignore[assignment]
        self.datastore: Datastore = self.recorder.datastore  # type: ignore[assignment]
        self._cache: OrderedDict[str, ClientFile] = OrderedDict()
        self._lock = threading.Lock()

    # Files

    def file(self, client_ref: str) -> ClientFile:
        """The client's file as it stands; an empty one where there is none. What is remembered of it is carried
        forward: another thread, or a process beside this one, may have written meanwhile."""
        with self._lock:
            known = self._cache.get(client_ref)
            if known is not None:
                self._cache.move_to_end(client_ref)
        known = known or ClientFile(client_ref, self.organisation)
        (version,) = self.datastore.rows(_VERSION, (client_ref,))[0]
        if (version or 0) <= known.version:
            return known
        file = known.plus(self.files.events.get(client_ref, gt=known.version))  # type: ignore[arg-type]
        self._remember(file)
        return file

    def append(self, file: ClientFile, facts: Sequence[Fact]) -> ClientFile:
        """Write facts to the end of the file, durably. Raises ``WrittenMeanwhile``: then nothing was written."""
        try:
            self.files.events.put(facts)  # type: ignore[arg-type]
        except IntegrityError:
            raise WrittenMeanwhile from None
        after = file.plus(facts)
        self._remember(after)
        return after

    def _remember(self, file: ClientFile) -> None:
        with self._lock:
            known = self._cache.get(file.client_ref)
            if known is None or known.version < file.version:
                self._cache[file.client_ref] = file
            self._cache.move_to_end(file.client_ref)
            if len(self._cache) > CACHED_FILES:
                self._cache.popitem(last=False)

    def clients(self) -> list[str]:
        """Every client with a file here."""
        return [row[0] for row in self.datastore.rows("SELECT DISTINCT originator_id FROM stored_events ORDER BY 1")]

    # Positions and publication

    def position(self, name: str) -> int:
        """A named position; 0 at the beginning."""
        return self.recorder.max_tracking_id(name) or 0

    def unpublished(self, limit: int) -> list[Outgoing]:
        """The next own facts that the publisher has not looked at, in the order they were written."""
        after = self.position(PUBLISHER)
        rows = self.datastore.rows("SELECT rowid, state FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, limit))
        return [Outgoing(number, header(state), state) for number, state in rows]

    def unpublished_clients(self) -> list[str]:
        """Clients with facts that the publisher has not looked at."""
        query = "SELECT DISTINCT originator_id FROM stored_events WHERE rowid > ?"
        return [r[0] for r in self.datastore.rows(query, (self.position(PUBLISHER),))]

    def own_facts(self, client_ref: str) -> list[Outgoing]:
        """The client's whole file, as the publisher reads it."""
        return [Outgoing(number, header(state), state) for number, state in self.datastore.rows(_OWN_FACTS, (client_ref,))]

    def publications(self, client_ref: str) -> list[Publication]:
        """Every record of this client's facts that this organisation has put on the log."""
        rows = self.datastore.rows(_PUBLICATIONS, {"client": client_ref})
        return [Publication(n, position, time, frozenset(r.split())) for n, position, time, r in rows]

    def mark_published(self, released: Iterable[Released], up_to: int) -> None:
        """Keep what the publisher has sent, and that it has looked at everything up to fact number ``up_to``."""
        rows = [(r.number, r.position, r.time, r.recipients) for r in released]
        with self.datastore.transaction(commit=True) as cursor:
            cursor.executemany(_PUBLISHED, rows)
            if up_to > (self.recorder._max_tracking_id(PUBLISHER, cursor) or 0):
                self.recorder._insert_tracking(cursor, Tracking(PUBLISHER, up_to))

    def mark_published_again(self, released: Iterable[Released]) -> None:
        """Keep what was sent again to newcomers."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.executemany(_AGAIN, [(r.number, r.lane, r.position, r.time, r.recipients) for r in released])

    def queue_backfill(self, client_refs: Iterable[str]) -> None:
        """Clients whose files are to be looked through again."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.executemany("INSERT INTO to_backfill VALUES (?) ON CONFLICT DO NOTHING", [(c,) for c in client_refs])

    def backfill_queue(self, limit: int) -> list[str]:
        return [r[0] for r in self.datastore.rows("SELECT client_ref FROM to_backfill ORDER BY 1 LIMIT ?", (limit,))]

    def backfilled(self, client_ref: str) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM to_backfill WHERE client_ref = ?", (client_ref,))

    def reaction_refused(self, position: int, client_ref: str, fact_id: str, code: str) -> None:
        """Another's fact to which this organisation's own rules could not react, kept in plain sight."""
        with self.datastore.transaction(commit=True) as cursor:
            row = (position, client_ref, fact_id, code)
            cursor.execute("INSERT OR IGNORE INTO reactions_refused VALUES (?, ?, ?, ?)", row)

    def reactions_refused(self) -> list[tuple[int, str, str, str]]:
        return self.datastore.rows("SELECT * FROM reactions_refused ORDER BY position")

    # Client register (contents sealed by ``services.kit.register``)

    def register_entry(self, client_ref: str) -> tuple[bytes, bool] | None:
        """The sealed entry and whether it came by an introduction."""
        rows = self.datastore.rows("SELECT sealed, introduced FROM register WHERE client_ref = ?", (client_ref,))
        return (rows[0][0], bool(rows[0][1])) if rows else None

    def register_entries(self) -> list[tuple[str, bytes]]:
        return [(ref, sealed) for ref, sealed in self.datastore.rows("SELECT client_ref, sealed FROM register ORDER BY client_ref")]

    def put_register_entry(self, client_ref: str, sealed: bytes, introduced: bool) -> None:
        """An introduction never replaces an own entry."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                "INSERT INTO register VALUES (:ref, :sealed, :introduced) ON CONFLICT (client_ref) DO UPDATE "
                "SET sealed = :sealed, introduced = :introduced WHERE introduced >= :introduced",
                {"ref": client_ref, "sealed": sealed, "introduced": int(introduced)},
            )

    def clear_register_entry(self, client_ref: str, version: int) -> bool:
        """Remove an introduced client whose file is still at ``version``. False where it has grown meanwhile."""
        with self.datastore.transaction(commit=True) as cursor:
            if (cursor.execute(_VERSION, (client_ref,)).fetchone()[0] or 0) != version:
                return False
            cursor.execute("DELETE FROM register WHERE client_ref = ? AND introduced", (client_ref,))
            return True

    def close(self) -> None:
        self.files.close()
        self.datastore.close()
