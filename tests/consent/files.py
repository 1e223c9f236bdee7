"""A world on SQLite files, with a log that may hold a copy of a record at a later place, as an at-least-once log may."""

import atexit
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from events.codec import decode
from events.envelope import Fact
from events.shared_log import Positioned, SharedLog
from events.shared_log.sqlite import SqliteSharedLog
from services.kit import embedded
from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from tests.consent.world import FIRST_DAY, INSTALLATION, registered


class RepeatingLog(SqliteSharedLog):
    """A log that may hold a copy of a record at a later place. Records at even positions, copies at odd."""

    copies: list[Positioned]

    def append(self, records: Sequence[Any]) -> Sequence[int]:
        return [2 * p for p in super().append(records)]

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        found = [Positioned(2 * p.position, p.record) for p in super().read(partition, after // 2, limit)]
        found += [c for c in self.copies if c.position > after]
        return sorted(found, key=lambda p: p.position)[:limit]

    def head(self, partition: str) -> int:
        return max([2 * super().head(partition), *(c.position for c in self.copies)])

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        return next((p.position for p in self.read("0", after, 1_000_000) if p.record.id == record_id), None)

    def behind(self, after: Mapping[str, int]) -> int:
        return len(self.read("0", after.get("0", 0), 1_000_000))

    def repeat(self, original: Positioned) -> None:
        """Deliver it once more, after all that is there."""
        place = 2 * super().head("0") + 1
        if all(c.position != place for c in self.copies):
            self.copies.append(Positioned(place, original.record))


@contextmanager
def _repeating(copies: list[Positioned]) -> Iterator[None]:
    made = type("Log", (RepeatingLog,), {"copies": copies})
    with patch.object(embedded, "SqliteSharedLog", made):
        yield


def memory() -> Path:
    """A folder there, where the machine offers it: a test's data need not survive a power loss."""
    shared = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(prefix="palvelupolku-", dir=shared if os.access(shared, os.W_OK) else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


class Template:
    """An installation with two registered clients, made once and copied for each world."""

    def __init__(self) -> None:
        self.root = memory()
        self.folder = self.root / "template"
        self.folder.mkdir()
        clock = StoryClock(self.folder / "clock.json")
        clock.move(FIRST_DAY, 0)
        with _repeating([]):
            platform = Platform(self.folder, INSTALLATION, clock)
        self.clients = registered(platform)
        platform.close()
        self._number = itertools.count()

    def copy(self) -> Path:
        data = self.root / f"world-{next(self._number)}"
        shutil.copytree(self.folder, data)
        return data


@cache
def template() -> Template:
    return Template()


class InFiles:
    """See ``tests.consent.world.Kept``."""

    def __init__(self) -> None:
        self.clients, self.data = template().clients, template().copy()
        self.clock_file = self.data / "clock.json"
        self._copies: list[Positioned] = []

    def platform(self, clock: StoryClock) -> Platform:
        with _repeating(self._copies):
            return Platform(self.data, INSTALLATION, clock)

    def append_again(self, log: SharedLog, original: Positioned) -> None:
        assert list(log.append([original.record])) == [original.position]

    def repeat(self, log: SharedLog, original: Positioned) -> None:
        assert isinstance(log, RepeatingLog)
        log.repeat(original)

    def on_disk(self, organisation: str, client: str, after: int = 0) -> list[Fact]:
        connection = sqlite3.connect(self.data / organisation / "store.sqlite")
        try:
            query = "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"
            return [decode(state) for (state,) in connection.execute(query, (client, after))]
        finally:
            connection.close()

    def bytes_of_the_log(self) -> Iterable[bytes]:
        return (path.read_bytes() for path in self.data.glob("shared-log.sqlite*"))

    def remove(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
