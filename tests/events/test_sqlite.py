"""Several writers on one file wait for each other; none fails half-way."""

import threading
from pathlib import Path

import pytest

from events.sqlite import CHECKPOINT_EVERY, Datastore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store = Datastore(tmp_path / "new" / "folder" / "a.sqlite")
    with store.transaction(commit=True) as cursor:
        cursor.execute("CREATE TABLE numbers (n INTEGER)")
        cursor.execute("INSERT INTO numbers VALUES (0)")
    store.close()
    return store.path


def test_who_reads_and_then_writes_waits_for_the_other(path: Path) -> None:
    stores, failures = [Datastore(path), Datastore(path)], list[Exception]()

    def count(store: Datastore) -> None:
        try:
            for _ in range(25):
                with store.transaction(commit=True) as cursor:
                    (n,) = cursor.execute("SELECT n FROM numbers").fetchone()
                    cursor.execute("UPDATE numbers SET n = ?", (n + 1,))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [tuple(r) for r in stores[0].rows("SELECT n FROM numbers")] == [(50,)]
    for store in stores:
        store.close()


def test_what_fails_is_rolled_back(path: Path) -> None:
    store = Datastore(path)
    with pytest.raises(ZeroDivisionError), store.transaction(commit=True) as cursor:
        cursor.execute("UPDATE numbers SET n = 7")
        raise ZeroDivisionError
    assert [tuple(r) for r in store.rows("SELECT n FROM numbers")] == [(0,)]
    store.close()


def test_the_log_of_changes_does_not_grow_for_ever(path: Path) -> None:
    store = Datastore(path)
    text = "x" * 4000
    sizes = []
    for n in range(4 * CHECKPOINT_EVERY):
        with store.transaction(commit=True) as cursor:
            cursor.execute("UPDATE numbers SET n = ?", (text + str(n),))
        sizes.append(Path(f"{path}-wal").stat().st_size)
    assert sizes[-1] <= sizes[CHECKPOINT_EVERY] * 1.5
    store.wipe()
    assert Path(f"{path}-wal").stat().st_size == 0
    store.close()
