"""What the stores need of a database holds on SQLite and on PostgreSQL alike."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError

from events import postgres, sqlite
from events.database import Database
from tests.servers import fresh_database
from tests.servers import postgres as server

TABLES = (
    "CREATE TABLE IF NOT EXISTS numbers (n INTEGER)",
    "CREATE TABLE IF NOT EXISTS held (place INTEGER PRIMARY KEY, client TEXT, seq INTEGER, data BLOB)",
    "CREATE UNIQUE INDEX IF NOT EXISTS held_once ON held (client, seq)",
    "CREATE TABLE IF NOT EXISTS days (day TEXT, client TEXT, PRIMARY KEY (day, client)) WITHOUT ROWID",
)
HOLD = "INSERT INTO held VALUES (?, ?, ?, ?) ON CONFLICT (client, seq) DO NOTHING"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened: Database = sqlite.Datastore(tmp_path / "a.sqlite")
        yield _with_tables(opened)
        opened.close()
        return
    with fresh_database(server()) as url:
        opened = postgres.Datastore(url, schema="view_1")
        yield _with_tables(opened)
        opened.close()


def _with_tables(database: Database) -> Database:
    database.create(TABLES)
    database.create(TABLES)
    with database.transaction(commit=True) as cursor:
        cursor.execute("INSERT INTO numbers VALUES (0)")
    return database


def test_what_fails_is_rolled_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction(commit=True) as cursor:
        cursor.execute("UPDATE numbers SET n = 7")
        raise ZeroDivisionError
    assert database.rows("SELECT n FROM numbers") == [(0,)]


def test_who_reads_and_then_writes_under_a_lock_is_not_overtaken(database: Database) -> None:
    def count(_: int) -> None:
        for _ in range(25):
            with database.transaction(commit=True) as cursor:
                database.lock(cursor, "numbers")
                (n,) = cursor.execute("SELECT n FROM numbers").fetchone()
                cursor.execute("UPDATE numbers SET n = ?", (n + 1,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert database.rows("SELECT n FROM numbers") == [(100,)]


def test_values_come_back_as_they_went(database: Database) -> None:
    row = (2**62, "Åland 100 % ? :name 'ok'", -1, b"\x00\xff")
    with database.transaction(commit=True) as cursor:
        cursor.execute("INSERT INTO held VALUES (?, ?, ?, ?)", row)
        cursor.execute("INSERT INTO held VALUES (?, ?, ?, ?)", (3, None, None, None))
    assert database.rows("SELECT * FROM held ORDER BY place DESC") == [row, (3, None, None, None)]
    assert database.rows("SELECT place FROM held WHERE client LIKE :c", {"c": "%? :name%"}) == [(2**62,)]
    assert database.rows("SELECT '100 %', '?', ':x' FROM held WHERE place = ?", (3,)) == [("100 %", "?", ":x")]


def test_many_rows_are_written_as_one_by_one(database: Database) -> None:
    rows = [(n, f"c{n % 7}", n, b"x" * n if n % 5 else None) for n in range(100)]
    with database.transaction(commit=True) as cursor:
        cursor.executemany(HOLD, rows)
        assert cursor.rowcount == 100
        # Both what is there already and what comes twice in the same rows.
        cursor.executemany(HOLD, (r for r in [(200, "c1", 1, b""), (201, "new", 1, b""), (202, "new", 1, b"")]))
        assert cursor.rowcount == 1
        cursor.executemany(HOLD, [])
        cursor.executemany("DELETE FROM held WHERE place = ?", [(n,) for n in range(0, 100, 2)])
        cursor.executemany("INSERT INTO days VALUES (?, ?) ON CONFLICT DO NOTHING", [("2022-10-11", "a")] * 2)
    expected = [r for r in rows if r[0] % 2] + [(201, "new", 1, b"")]
    assert database.rows("SELECT * FROM held ORDER BY place") == expected
    assert database.rows("SELECT * FROM days") == [("2022-10-11", "a")]


def test_what_is_there_already_is_an_integrity_error(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(IntegrityError), database.transaction(commit=True) as cursor:
            cursor.execute("INSERT INTO held VALUES (1, 'a', 1, NULL)")
            cursor.executemany("INSERT INTO held VALUES (?, ?, ?, ?)", [(1, "b", 2, b"")])
    assert database.rows("SELECT count(*) FROM held") == [(0,)]


def test_a_reader_sees_one_moment(database: Database) -> None:
    def write() -> None:
        with database.transaction(commit=True) as cursor:
            cursor.execute("UPDATE numbers SET n = n + 1")

    with database.transaction(commit=False) as cursor:
        assert cursor.execute("SELECT n FROM numbers").fetchone()[0] == 0
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert cursor.execute("SELECT n FROM numbers").fetchone()[0] == 0
    assert database.rows("SELECT n FROM numbers") == [(1,)]


def test_an_upsert_tells_whether_it_changed_something(database: Database) -> None:
    upsert = (
        "INSERT INTO held (place, seq) VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET seq = excluded.seq "
        "WHERE excluded.seq > held.seq"
    )
    with database.transaction(commit=True) as cursor:
        assert [cursor.execute(upsert, (1, seq)).rowcount for seq in (5, 4, 6)] == [1, 0, 1]


def test_it_is_wiped_when_nobody_reads_what_was_there(database: Database) -> None:
    with database.transaction(commit=True) as cursor:
        cursor.executemany(HOLD, [(n, "c", n, b"data") for n in range(50)])
    with database.transaction(commit=False) as reader:
        assert reader.execute("SELECT count(*) FROM held").fetchone()[0] == 50
        with database.transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM held WHERE place < 40")
        assert not database.wipe("held", "days")
    assert database.wipe("held", "days")
    assert database.rows("SELECT count(*) FROM held") == [(10,)]
