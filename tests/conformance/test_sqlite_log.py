from collections.abc import Iterator
from pathlib import Path

import pytest

from events.shared_log import Record
from events.shared_log.sqlite import SqliteSharedLog
from tests.conformance.log_reader import LogReaderConformance
from tests.conformance.shared_log import CopiesAreDropped, Reopen, SharedLogConformance, everything, record


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteSharedLog]:
    opened = SqliteSharedLog(tmp_path / "log.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Reopen]:
    opened: list[SqliteSharedLog] = []

    def again() -> SqliteSharedLog:
        opened.append(SqliteSharedLog(tmp_path / "log.sqlite"))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def opening(tmp_path: Path) -> str:
    return f"""
from pathlib import Path
from events.shared_log.sqlite import SqliteSharedLog
log = SqliteSharedLog(Path({str(tmp_path / "log.sqlite")!r}))
"""


class TestSqliteSharedLog(SharedLogConformance, CopiesAreDropped):
    """See ``tests.conformance.shared_log``."""

    def test_a_failed_append_writes_nothing(self, log: SqliteSharedLog) -> None:
        """All or nothing is what SQLite adds to the suite."""
        broken = Record("f" * 32, "c1" * 16, 1, object())  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            log.append([record(), broken])
        assert everything(log) == []

    def test_an_acknowledged_append_is_synchronised_to_the_disk(self, log: SqliteSharedLog) -> None:
        with log.datastore.transaction(commit=True) as cursor:
            assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
            assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


class TestSqliteLogReader(LogReaderConformance):
    """See ``tests.conformance.log_reader``."""
