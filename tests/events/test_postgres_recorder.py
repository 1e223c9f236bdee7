"""Facts are numbered in the order in which they become visible: who follows them misses none. The library's own
database function, which does without a lock, is the planted fault: the same hunts find what it loses."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from events.postgres import ConnectionLost, Datastore
from events.postgres.listener import Listener
from events.postgres.recorder import Recorder
from services.kit.migrations import migrate
from tests.servers import fresh_database, postgres

WRITERS = 8
INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (%s, 1, 't.v1', '')"
FUNCTION = "SELECT * FROM es_insert_events_text(ARRAY[(%s, 1, 't.v1', '')::stored_event_text])"


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database(postgres()) as url:
        yield url


@pytest.fixture
def recorder(url: str) -> Iterator[Recorder]:
    migrate(url)
    store = Datastore(url, pool_size=WRITERS + 1)
    yield Recorder(store)
    store.close()


@pytest.fixture
def lockless(url: str) -> Iterator[PostgresApplicationRecorder]:
    """The library's, with its database function."""
    given = conninfo_to_dict(url)
    store = PostgresDatastore(
        *(str(given[key]) for key in ("dbname", "host", "port", "user", "password")),
        pool_size=WRITERS + 1, originator_id_type="text", enable_db_functions=True,
    )
    recorder = PostgresApplicationRecorder(store)
    recorder.create_table()
    yield recorder
    store.close()


def fact(client: str, seq: int) -> StoredEvent:
    return StoredEvent(client, seq, "trial_work_agreed.v1", f"{client}/{seq}".encode())


def test_facts_are_kept_in_order(recorder: Recorder) -> None:
    assert recorder.insert_events([fact("a", 1)]) == [1]
    assert recorder.insert_events([fact("a", 2), fact("b", 1)]) == [2, 3]
    assert recorder.insert_events([fact("b", 2), fact("b", 3)], tracking=Tracking("p", 7)) == [4, 5]
    assert recorder.insert_events([]) == []
    assert list(recorder.select_events("b", gt=1)) == [fact("b", 2), fact("b", 3)]
    assert [n.id for n in recorder.select_notifications(2, 2, inclusive_of_start=False)] == [3, 4]
    assert (recorder.max_notification_id(), recorder.max_tracking_id("p"), recorder.max_tracking_id("q")) == (5, 7, None)


@pytest.mark.parametrize("facts", [[fact("a", 2)], [fact("a", 3), fact("a", 2)]])
def test_a_version_is_taken_once(recorder: Recorder, facts: list[StoredEvent]) -> None:
    recorder.insert_events([fact("a", 1), fact("a", 2)])
    for tracking in ({}, {"tracking": Tracking("p", 1)}):
        with pytest.raises(IntegrityError):
            recorder.insert_events(facts, **tracking)
    assert len(recorder.select_events("a")) == 2
    assert recorder.max_tracking_id("p") is None


def test_a_position_grows_or_nothing_is_written(recorder: Recorder) -> None:
    recorder.insert_events([], tracking=Tracking("p", 7))
    for place in (6, 7):
        with pytest.raises(IntegrityError):
            recorder.insert_events([fact("a", 1)], tracking=Tracking("p", place))
        with pytest.raises(IntegrityError):
            recorder.insert_tracking(Tracking("p", place))
    assert recorder.select_events("a") == []
    recorder.insert_events([fact("a", 1)], tracking=Tracking("p", 8))
    assert recorder.max_tracking_id("p") == 8


def test_nothing_is_written_twice_when_the_connection_broke(recorder: Recorder, url: str) -> None:
    """Whoever repeats is told by the version that it was written."""
    recorder.insert_events([fact("a", 1)])
    _end_sessions(url)
    with pytest.raises(ConnectionLost):
        recorder.insert_events([fact("a", 2)])
    recorder.insert_events([fact("a", 2)])
    _end_sessions(url)
    assert len(recorder.select_events("a")) == 2


def test_the_servers_own_housekeeping_holds_nobody_up(recorder: Recorder, url: str) -> None:
    with psycopg.connect(url) as housekeeping:
        housekeeping.execute("LOCK TABLE stored_events IN SHARE UPDATE EXCLUSIVE MODE")
        start = time.monotonic()
        recorder.insert_events([fact("a", 1)])
        assert time.monotonic() - start < 5


def test_who_has_the_lock_of_the_facts_knows_that_none_is_added(recorder: Recorder, url: str) -> None:
    store, added = Datastore(url), list[Sequence[int]]()
    with store.transaction(commit=True) as cursor:
        store.lock(cursor, "stored_events")
        thread = threading.Thread(target=lambda: added.append(recorder.insert_events([fact("a", 1)])))
        thread.start()
        with psycopg.connect(url, autocommit=True) as looking:
            while not looking.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'").fetchone():
                time.sleep(0.01)
        assert store.rows("SELECT count(*) FROM stored_events") == [(0,)]
    thread.join()
    assert added == [[1]]
    store.close()


# The hunts


def _overtaken(url: str, insert: str) -> list[str]:
    """One session takes its number first and commits last; another overtakes it if it can. Returns whom a reader missed
    who follows all the time."""
    follower = Follower(url)
    committed = threading.Event()
    with psycopg.connect(url) as first, psycopg.connect(url) as second, psycopg.connect(url, autocommit=True) as looking:

        def overtake() -> None:
            second.execute(insert, ("second",))
            second.commit()
            committed.set()

        first.execute(insert, ("first",))
        thread = threading.Thread(target=overtake)
        thread.start()
        while not committed.is_set() and not _waits(looking, second.info.backend_pid):
            time.sleep(0.01)
        follower.look()
        first.commit()
        thread.join()
    return follower.missed()


def test_a_later_number_is_not_seen_before_an_earlier_one(recorder: Recorder, url: str) -> None:
    """However it is inserted: it is the table that sees to it."""
    assert _overtaken(url, INSERT) == []


def test_planted_fault_without_its_trigger_the_one_overtaken_is_missed(recorder: Recorder, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TRIGGER order_of_numbers ON stored_events")
    assert _overtaken(url, INSERT) == ["first"]


def test_planted_fault_without_the_librarys_lock_the_one_overtaken_is_missed(
    lockless: PostgresApplicationRecorder, url: str
) -> None:
    assert _overtaken(url, FUNCTION) == ["first"]


def test_the_hunt_for_missed_facts(recorder: Recorder, url: str) -> None:
    missed, numbers = _hunt(recorder, url)
    assert missed == []
    assert numbers != list(range(1, len(numbers) + 1)), "there were gaps"


def test_planted_fault_the_hunt_finds_what_is_missed_without_the_lock(
    lockless: PostgresApplicationRecorder, url: str
) -> None:
    missed, _ = _hunt(lockless, url)
    assert missed != []


class Follower:
    """Reads on from where it is, as every follower here does."""

    def __init__(self, url: str):
        self._connection = psycopg.connect(url, autocommit=True)
        self._last, self._seen = 0, set[int]()

    def look(self) -> None:
        query = "SELECT notification_id FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT 7"
        while numbers := [n for (n,) in self._connection.execute(query, (self._last,))]:
            self._seen.update(numbers)
            self._last = numbers[-1]

    def missed(self) -> list[str]:
        """Whose facts it has not seen, now that nobody writes any more."""
        self.look()
        everything = self._connection.execute("SELECT notification_id, originator_id FROM stored_events ORDER BY 1").fetchall()
        self._connection.close()
        return [client for number, client in everything if number not in self._seen]


def _hunt(recorder: PostgresApplicationRecorder, url: str, rounds: int = 60) -> tuple[list[str], list[int]]:
    """Eight write at once, some of it in vain, some of it slow to commit, while one follows. Returns whom it missed, and all
    numbers."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SLOW_COMMITS)
    follower, done = Follower(url), threading.Event()

    def write(writer: int) -> None:
        chosen = random.Random(writer)
        for n in range(rounds):
            client = f"{writer}-{n}"
            facts = [fact(client, seq) for seq in range(1, chosen.choice((1, 1, 2, 3)) + 1)]
            recorder.insert_events(facts)
            if chosen.random() < 0.3:
                with pytest.raises(IntegrityError):
                    recorder.insert_events([fact(f"{client} in vain", 1), facts[0]])

    def follow() -> None:
        while not done.is_set():
            follower.look()

    following = threading.Thread(target=follow)
    following.start()
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, range(WRITERS)))
    finally:
        done.set()
        following.join()
    missed = follower.missed()
    with psycopg.connect(url) as connection:
        return missed, [n for (n,) in connection.execute("SELECT notification_id FROM stored_events ORDER BY 1")]


SLOW_COMMITS = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(CASE WHEN random() < 0.1 THEN 0.01 ELSE 0 END);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON stored_events DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION slow()
"""
"""Now and then time passes between taking a number and being committed."""


# Being woken


def test_who_follows_is_woken_by_other_processes_too(recorder: Recorder, url: str) -> None:
    other, woken = Datastore(url), threading.Event()
    listener = Listener(other, woken.set)
    listener.start()
    assert woken.wait(5), "once it listens"
    for seq in (1, 2, 3):
        woken.clear()
        assert not woken.wait(0.1)
        recorder.insert_events([fact("a", seq)])
        assert woken.wait(5)
    woken.clear()
    _end_sessions(url)
    assert woken.wait(10), "once it listens again"
    listener.stop()
    other.close()


def _waits(connection: psycopg.Connection[tuple[object, ...]], session: int) -> bool:
    found = connection.execute(SQL("SELECT 1 FROM pg_locks WHERE NOT granted AND pid = %s"), (session,)).fetchone()
    return found is not None


def _end_sessions(url: str) -> None:
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    with psycopg.connect(url) as connection:
        connection.execute(query)
