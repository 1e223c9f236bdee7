"""PostgreSQL as a store's database: restarts, servers that stop answering, locks between processes."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from eventsourcing.persistence import InternalError, OperationalError

from deploy.postgres.local.server import Server
from events.postgres import ConnectionLost, Datastore
from events.postgres.datastore import Connection
from events.postgres.statements import ddl, plain_insert, translated
from tests.servers import fresh_database, postgres


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database(postgres()) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Datastore]:
    store = Datastore(url)
    store.create(["CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)"])
    yield store
    store.close()


def test_statements_are_translated() -> None:
    assert translated("SELECT a::text, '?:b %' FROM t WHERE x = ? AND y = :name -- why?") == (
        "SELECT a::text, '?:b %%' FROM t WHERE x = %s AND y = %(name)s -- why?"
    )
    assert translated("SELECT a % 2, 'it''s ?', \"odd?\" FROM t") == "SELECT a %% 2, 'it''s ?', \"odd?\" FROM t"
    assert ddl("CREATE TABLE t (day TEXT, n INTEGER, b BLOB, PRIMARY KEY (day)) WITHOUT ROWID") == (
        "CREATE TABLE t (day TEXT, n BIGINT, b BYTEA, PRIMARY KEY (day))"
    )


def test_only_a_plain_insert_goes_as_one_statement() -> None:
    assert plain_insert("INSERT INTO t VALUES (?, ?)") == ("t", "")
    assert plain_insert("INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING") == ("t", " ON CONFLICT DO NOTHING")
    for other in (
        "INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
        "INSERT INTO t VALUES (?, 1)", "INSERT INTO t (a) VALUES (?)", "DELETE FROM t WHERE a = ?",
    ):
        assert plain_insert(other) is None


def test_schemas_are_apart(url: str, store: Datastore) -> None:
    view = Datastore(url, schema="view_2")
    view.create(["CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)"])
    with view.transaction(commit=True) as cursor:
        cursor.executemany("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
    assert store.rows("SELECT n FROM numbers") == []
    view.close()
    with pytest.raises(ValueError, match="schema"):
        Datastore(url, schema="view_2; DROP TABLE numbers")


def test_several_create_the_same_tables_at_once(url: str) -> None:
    stores, failures = [Datastore(url, schema="view_1") for _ in range(4)], list[Exception]()

    def create(store: Datastore) -> None:
        try:
            store.create([f"CREATE TABLE IF NOT EXISTS t{n} (n INTEGER PRIMARY KEY)" for n in range(20)])
        except Exception as error:
            failures.append(error)

    _together([lambda s=s: create(s) for s in stores])  # type: ignore[misc]
    assert failures == []
    for store in stores:
        store.close()


def test_what_only_reads_cannot_write(store: Datastore) -> None:
    with pytest.raises(InternalError), store.transaction(commit=False) as cursor:
        cursor.execute("INSERT INTO numbers VALUES (1)")
    with store.transaction(commit=True) as cursor:
        cursor.execute("INSERT INTO numbers VALUES (1)")


def test_a_lock_holds_until_the_end_of_the_transaction_in_every_process(url: str, store: Datastore) -> None:
    other, order = Datastore(url), list[str]()

    def second() -> None:
        with other.transaction(commit=True) as cursor:
            other.lock(cursor, "epochs")
            order.append("second")

    with store.transaction(commit=True) as cursor:
        store.lock(cursor, "epochs")
        thread = threading.Thread(target=second)
        thread.start()
        _until_somebody_waits(store)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    other.close()


def test_one_is_alone_and_works_on_while_many_wait(url: str, store: Datastore) -> None:
    other, inside, most = Datastore(url), list[int](), list[int]()

    def work(database: Datastore) -> None:
        with database.alone("changes of a"):
            inside.append(1)
            most.append(len(inside))
            assert database.rows("SELECT count(*) FROM numbers") == [(0,)]
            inside.pop()

    # More than each has connections.
    _together([lambda d=d: work(d) for d in [store, other] * 8])  # type: ignore[misc]
    assert most == [1] * 16
    other.close()


def test_a_schema_that_takes_anothers_name_is_read_at_once(url: str, store: Datastore) -> None:
    """Also by whoever has prepared statements on the one before."""
    tables = ["CREATE TABLE IF NOT EXISTS held (n INTEGER PRIMARY KEY)"]
    view, rebuilt = Datastore(url, schema="view"), Datastore(url, schema="view_new")
    for database in (view, rebuilt):
        database.create(tables)
    with rebuilt.transaction(commit=True) as cursor:
        cursor.executemany("INSERT INTO held VALUES (?)", [(1,), (2,)])
    for _ in range(10):
        assert view.rows("SELECT n FROM held ORDER BY n") == []
    with store.transaction(commit=True) as cursor:
        cursor.execute("ALTER SCHEMA view RENAME TO view_before")
        cursor.execute("ALTER SCHEMA view_new RENAME TO view")
        cursor.execute("DROP SCHEMA view_before CASCADE")
    assert view.rows("SELECT n FROM held ORDER BY n") == [(1,), (2,)]
    with view.transaction(commit=True) as cursor:
        cursor.executemany("INSERT INTO held VALUES (?)", [(3,)])
    assert view.rows("SELECT n FROM held ORDER BY n") == [(1,), (2,), (3,)]
    view.close()
    rebuilt.close()


def test_whoever_stands_still_in_a_transaction_is_put_out(url: str) -> None:
    still = Datastore(url + "?options=-c%20idle_in_transaction_session_timeout%3D200ms")
    with pytest.raises(ConnectionLost), still.transaction(commit=True) as cursor:
        cursor.execute("SELECT 1")
        time.sleep(1)
        cursor.execute("SELECT 1")
    still.close()


def test_nobody_waits_for_ever_for_a_connection_or_a_lock(url: str) -> None:
    small = Datastore(url + "?options=-c%20lock_timeout%3D200ms", pool_size=1, wait_seconds=0.2)
    with small.transaction(commit=True) as cursor:
        small.lock(cursor, "a")
        with pytest.raises(OperationalError, match="connection"):
            small.rows("SELECT 1")
        with psycopg.connect(small.conninfo) as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT pg_advisory_xact_lock(hashtextextended('a', 0))")
    small.close()


def test_nothing_is_connected_before_it_is_used() -> None:
    nowhere = Datastore("postgresql://a:b@127.0.0.1:1/c", wait_seconds=0.3)
    with pytest.raises(OperationalError):
        nowhere.rows("SELECT 1")
    nowhere.close()


def test_a_restart_is_survived() -> None:
    """Readers never notice. A writer is told once at most that nobody knows, and repeats."""
    with Server() as server:
        store = Datastore(server.url)
        store.create(["CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)"])
        stopping, acknowledged, failures, longest = threading.Event(), list[int](), list[Exception](), [0.0]

        def read() -> None:
            while not stopping.is_set():
                start = time.monotonic()
                try:
                    store.rows("SELECT count(*) FROM numbers")
                except Exception as error:
                    failures.append(error)
                longest[0] = max(longest[0], time.monotonic() - start)

        def write(n: int) -> None:
            while not stopping.is_set():
                try:
                    with store.transaction(commit=True) as cursor:
                        cursor.execute("INSERT INTO numbers VALUES (?) ON CONFLICT DO NOTHING", (n,))
                except ConnectionLost:
                    continue
                acknowledged.append(n)
                n += 4

        def restart() -> None:
            for _ in range(2):
                time.sleep(0.5)
                server.restart()
                seen = len(acknowledged)
                while len(acknowledged) < seen + 20:
                    time.sleep(0.01)
            stopping.set()

        _together([read, read, *(lambda n=n: write(n) for n in range(4)), restart])  # type: ignore[misc]
        assert failures == []
        assert longest[0] < 10
        assert {n for (n,) in store.rows("SELECT n FROM numbers")} >= set(acknowledged)
        assert len(set(acknowledged)) == len(acknowledged)
        store.close()


def test_a_server_that_no_longer_answers_is_given_up_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "answer_seconds", 1.0)
    with Server() as server:
        store = Datastore(server.url, wait_seconds=2)
        assert store.rows("SELECT 1") == [(1,)]
        server.pause()
        start = time.monotonic()
        with pytest.raises(OperationalError):
            store.rows("SELECT 1")
        assert time.monotonic() - start < 6
        server.resume()
        while True:
            try:
                assert store.rows("SELECT 1") == [(1,)]
                break
            except OperationalError:
                assert time.monotonic() - start < 30
        store.close()


def _until_somebody_waits(store: Datastore) -> None:
    """Until another session waits for a lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    while store.rows(waiting) == [(0,)]:
        time.sleep(0.01)


def _together(work: list[object]) -> None:
    threads = [threading.Thread(target=w) for w in work]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
