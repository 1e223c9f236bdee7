"""An organisation's own store: its files (one stream of facts per client), what of them has been published, its
position, and its client register. An ``eventsourcing`` Application, and tables beside its own in the same database."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, OperationalError, StoredEvent

from consent.release import Outgoing, Released
from events.codec import decode, encode, header
from events.database import Database
from events.envelope import Fact
from services.kit.client_file import ClientFile

PUBLISHER = "publisher"
CHANGES = "consent changes"
FILES = "stored_events"
"""The lock that whoever appends holds, too."""
CACHED_FILES = 1000

TABLES = (
    "CREATE TABLE IF NOT EXISTS published ("
    "number INTEGER PRIMARY KEY, position INTEGER, time INTEGER, recipients TEXT)",
    "CREATE TABLE IF NOT EXISTS published_again ("
    "number INTEGER, lane TEXT, position INTEGER, time INTEGER, recipients TEXT)",
    "CREATE INDEX IF NOT EXISTS again_number ON published_again (number)",
    "CREATE TABLE IF NOT EXISTS to_backfill (client_ref TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS reactions_refused (position INTEGER PRIMARY KEY, client_ref TEXT, fact_id TEXT, code TEXT)",
    "CREATE TABLE IF NOT EXISTS register (client_ref TEXT PRIMARY KEY, sealed BLOB, introduced INTEGER)",
    "CREATE TABLE IF NOT EXISTS fact_traces (number INTEGER PRIMARY KEY, trace TEXT)",
    "CREATE TABLE IF NOT EXISTS dismissed (position INTEGER PRIMARY KEY, client_ref TEXT, record_id TEXT, reason TEXT, "
    "because TEXT, person TEXT, dismissed_at TEXT)",
)
"""Beside the library's own: ``stored_events`` (the files) and ``tracking`` (positions by name)."""

_PUBLISHED = (
    "INSERT INTO published VALUES (?, ?, ?, ?) ON CONFLICT (number) DO UPDATE "
    "SET position = excluded.position, time = excluded.time, recipients = excluded.recipients"
)
_AGAIN = "INSERT INTO published_again VALUES (?, ?, ?, ?, ?)"
_MOVE = (
    "INSERT INTO tracking (application_name, notification_id) VALUES (?, ?) ON CONFLICT (application_name) DO UPDATE "
    "SET notification_id = excluded.notification_id WHERE excluded.notification_id > tracking.notification_id"
)
_COUNT = (
    "INSERT INTO tracking (application_name, notification_id) VALUES (?, 1) ON CONFLICT (application_name) DO UPDATE "
    "SET notification_id = tracking.notification_id + 1 RETURNING notification_id"
)
KEEP_TRACE = "INSERT INTO fact_traces VALUES (?, ?) ON CONFLICT DO NOTHING"
_TRACES = "SELECT number, trace FROM fact_traces WHERE number BETWEEN ? AND ?"
_FORGET_TRACES = "DELETE FROM fact_traces WHERE number <= ?"
_POSITION = "SELECT notification_id FROM tracking WHERE application_name = ?"
_VERSION = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
_REGISTER = (
    "INSERT INTO register VALUES (?, ?, ?) ON CONFLICT (client_ref) DO UPDATE "
    "SET sealed = excluded.sealed, introduced = excluded.introduced WHERE register.introduced >= excluded.introduced"
)


class WrittenMeanwhile(Exception):
    """Somebody else wrote to this file first, or nobody knows whether this was written: load it again and decide
    again."""


class Publication(NamedTuple):
    """Where and for whom a fact stands on the shared log. ``time`` as in ``Record``."""

    number: int
    position: int
    time: int
    recipients: frozenset[str]


class Dismissed(NamedTuple):
    """A record that could not be understood, and behind which nothing waits any more. ``because``: in words, by the
    person who has decided it. ``dismissed_at``: ISO 8601 with zone."""

    position: int
    client_ref: str
    record_id: str
    reason: str
    because: str
    person: str
    dismissed_at: str


class _FactMapper(Mapper[str]):
    """A fact's bytes are its stored state: what is sealed later is what was written."""

    def __init__(self) -> None:
        pass

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        fact: Fact = domain_event
        return StoredEvent(fact.client_ref, fact.source_seq, f"{fact.name}.v{fact.version}", encode(fact))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return decode(stored_event.state)


class ClientFiles(Application[str]):
    """The organisation's files. One stream per client; ``source_seq`` is the version."""

    def construct_mapper(self) -> Mapper[str]:
        return _FactMapper()

    def construct_recorder(self) -> Any:
        return self.factory.process_recorder()


class OrganisationStore:
    """What the organisation keeps. Safe for threads and, on PostgreSQL, for processes."""

    def __init__(self, organisation: str, files: ClientFiles, database: Database):
        """``database`` is the one that holds ``files``."""
        self.organisation, self.files, self.database = organisation, files, database
        self._cache: OrderedDict[str, ClientFile] = OrderedDict()
        self._lock = threading.Lock()
        place = database.place
        self._next_facts = f"SELECT {place}, state FROM stored_events WHERE {place} > ? ORDER BY {place} LIMIT ?"
        self._to_publish = f"SELECT COUNT(*) FROM (SELECT 1 FROM stored_events WHERE {place} > ? LIMIT ?) AS waiting"
        self._numbered = f"SELECT {place}, originator_id FROM stored_events WHERE {place} > ?"
        self._next_clients = f"SELECT DISTINCT originator_id FROM stored_events WHERE {place} > ? ORDER BY 1"
        self._of_client = f"SELECT {place}, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version"
        self._publications = " UNION ALL ".join(
            f"SELECT p.number, p.position, p.time, p.recipients FROM stored_events e JOIN {table} p ON p.number = e.{place} "
            "WHERE e.originator_id = ?"
            for table in ("published", "published_again")
        )

    # Files

    def remembered(self, client_ref: str) -> ClientFile:
        """The client's file as this process last saw it: its beginning, perhaps all of it. Nothing is asked."""
        with self._lock:
            known = self._cache.get(client_ref)
            if known is not None:
                self._cache.move_to_end(client_ref)
        return known or ClientFile(client_ref, self.organisation)

    def file(self, client_ref: str) -> ClientFile:
        """The client's file as it stands; an empty one where there is none. What is remembered of it is carried
        forward: another thread, or a process beside this one, may have written meanwhile."""
        known = self.remembered(client_ref)
        (version,) = self.database.rows(_VERSION, (client_ref,))[0]
        if (version or 0) <= known.version:
            return known
        file = known.plus(self.files.events.get(client_ref, gt=known.version))  # type: ignore[arg-type]
        self._remember(file)
        return file

    def append(self, file: ClientFile, facts: Sequence[Fact], trace: str = "") -> ClientFile:
        """Write facts to the end of the file, durably. Raises ``WrittenMeanwhile``. ``trace`` as in ``Record``: kept
        beside them until they are published."""
        try:
            self.files.events.put(facts, **({"trace": trace} if trace else {}))  # type: ignore[arg-type]
        except (IntegrityError, OperationalError) as error:
            raise WrittenMeanwhile from error
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
        return [row[0] for row in self.database.rows("SELECT DISTINCT originator_id FROM stored_events ORDER BY 1")]

    def clients_with(self, kinds: Iterable[str], after: int) -> tuple[int, set[str]]:
        """The clients with a fact of these names among those numbered after ``after``, and how far that looked."""
        topics = [f"{kind}.v%" for kind in kinds]
        of_these = " OR ".join(["topic LIKE ?"] * len(topics))
        rows = self.database.rows(f"{self._numbered} AND ({of_these})", (after, *topics))
        return max([after, *(number for number, _ in rows)]), {client for _, client in rows}

    # Positions and publication

    def position(self, name: str) -> int:
        """A named position; 0 at the beginning."""
        found = self.database.rows(_POSITION, (name,))
        return found[0][0] if found else 0

    def unpublished(self, limit: int) -> list[Outgoing]:
        """The next own facts that the publisher has not looked at, in the order they were written."""
        after = self.position(PUBLISHER)
        rows = self.database.rows(self._next_facts, (after, limit))
        facts = [Outgoing(number, header(state), state) for number, state in rows]
        traces = self._traces(facts[0].number, facts[-1].number) if facts else {}
        return [f._replace(trace=traces.get(f.number, "")) for f in facts] if traces else facts

    def _traces(self, first: int, last: int) -> dict[int, str]:
        return dict(self.database.rows(_TRACES, (first, last)))

    def trace_of(self, number: int) -> str:
        """The trace that a fact comes of, until it is published; empty for none."""
        return self._traces(number, number).get(number, "")

    def to_publish(self, limit: int) -> int:
        """How many facts the publisher has not looked at, counted up to ``limit``."""
        count: int = self.database.rows(self._to_publish, (self.position(PUBLISHER), limit))[0][0]
        return count

    def unpublished_clients(self) -> list[str]:
        """Clients with facts that the publisher has not looked at."""
        return [r[0] for r in self.database.rows(self._next_clients, (self.position(PUBLISHER),))]

    def own_facts(self, client_ref: str) -> list[Outgoing]:
        """The client's whole file, as the publisher reads it."""
        rows = self.database.rows(self._of_client, (client_ref,))
        return [Outgoing(number, header(state), state) for number, state in rows]

    def publications(self, client_ref: str) -> list[Publication]:
        """Every record of this client's facts that this organisation has put on the log."""
        rows = self.database.rows(self._publications, (client_ref, client_ref))
        return [Publication(n, position, time, frozenset(r.split())) for n, position, time, r in rows]

    def mark_published(self, released: Iterable[Released], up_to: int, traced: bool = True) -> None:
        """Keep what the publisher has sent, and that it has looked at everything up to fact number ``up_to``: what
        these come of is forgotten. ``traced``: some come of a trace."""
        rows = [(r.number, r.position, r.time, r.recipients) for r in released]
        with self.database.transaction(commit=True) as cursor:
            cursor.executemany(_PUBLISHED, rows)
            cursor.execute(_MOVE, (PUBLISHER, up_to))
            if traced:
                cursor.execute(_FORGET_TRACES, (up_to,))

    def mark_changed(self, released: Released) -> int:
        """Keep where a consent change stands, and count it (position ``CHANGES``): whoever remembers consent looks
        whether this has grown. Returns it."""
        with self.database.transaction(commit=True) as cursor:
            cursor.execute(_PUBLISHED, (released.number, released.position, released.time, released.recipients))
            count: int = cursor.execute(_COUNT, (CHANGES,)).fetchone()[0]
            return count

    def mark_published_again(self, released: Iterable[Released]) -> None:
        """Keep what was sent again to newcomers."""
        with self.database.transaction(commit=True) as cursor:
            cursor.executemany(_AGAIN, [(r.number, r.lane, r.position, r.time, r.recipients) for r in released])

    def queue_backfill(self, client_refs: Iterable[str]) -> None:
        """Clients whose files are to be looked through again."""
        with self.database.transaction(commit=True) as cursor:
            cursor.executemany("INSERT INTO to_backfill VALUES (?) ON CONFLICT DO NOTHING", [(c,) for c in client_refs])

    def backfill_queue(self, limit: int) -> list[str]:
        return [r[0] for r in self.database.rows("SELECT client_ref FROM to_backfill ORDER BY 1 LIMIT ?", (limit,))]

    def backfilled(self, client_ref: str) -> None:
        with self.database.transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM to_backfill WHERE client_ref = ?", (client_ref,))

    def reaction_refused(self, position: int, client_ref: str, fact_id: str, code: str) -> None:
        """Another's fact to which this organisation's own rules could not react, kept in plain sight."""
        with self.database.transaction(commit=True) as cursor:
            row = (position, client_ref, fact_id, code)
            cursor.execute("INSERT INTO reactions_refused VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)

    def reactions_refused(self) -> list[tuple[int, str, str, str]]:
        return self.database.rows("SELECT * FROM reactions_refused ORDER BY position")

    # Records dismissed

    def dismiss(self, dismissed: Dismissed) -> None:
        """Keep that a record is dismissed; the first decision stays."""
        with self.database.transaction(commit=True) as cursor:
            cursor.execute("INSERT INTO dismissed VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", dismissed)

    def is_dismissed(self, position: int) -> bool:
        return bool(self.database.rows("SELECT 1 FROM dismissed WHERE position = ?", (position,)))

    def dismissed(self) -> list[Dismissed]:
        return [Dismissed(*row) for row in self.database.rows("SELECT * FROM dismissed ORDER BY position")]

    # Client register (contents sealed by ``services.kit.register``)

    def register_entry(self, client_ref: str) -> tuple[bytes, bool] | None:
        """The sealed entry and whether it came by an introduction."""
        rows = self.database.rows("SELECT sealed, introduced FROM register WHERE client_ref = ?", (client_ref,))
        return (rows[0][0], bool(rows[0][1])) if rows else None

    def register_entries(self) -> list[tuple[str, bytes]]:
        return [(ref, sealed) for ref, sealed in self.database.rows("SELECT client_ref, sealed FROM register ORDER BY client_ref")]

    def introduced_clients(self) -> list[str]:
        """Whose entry came by an introduction."""
        return [r[0] for r in self.database.rows("SELECT client_ref FROM register WHERE introduced = 1 ORDER BY client_ref")]

    def put_register_entry(self, client_ref: str, sealed: bytes, introduced: bool) -> None:
        """An introduction never replaces an own entry."""
        with self.database.transaction(commit=True) as cursor:
            cursor.execute(_REGISTER, (client_ref, sealed, int(introduced)))

    def clear_register_entry(self, client_ref: str, version: int) -> bool:
        """Remove an introduced client whose file is still at ``version``. False where it has grown meanwhile."""
        with self.database.transaction(commit=True) as cursor:
            self.database.lock(cursor, FILES)
            if (cursor.execute(_VERSION, (client_ref,)).fetchone()[0] or 0) != version:
                return False
            cursor.execute("DELETE FROM register WHERE client_ref = ? AND introduced = 1", (client_ref,))
            return True

    def close(self) -> None:
        self.files.close()
        self.database.close()
