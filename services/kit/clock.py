"""One clock for a data directory: the real one, or a story's own that moves only with the story."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from events.shared_log import HELSINKI
from services.kit.whole import write_whole

MORNING = time(8)
LONG_AGO = datetime(1970, 1, 1, 8, tzinfo=HELSINKI)
"""A story's clock before its first step: earlier than any story, so that no day of it counts as passed."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment, in Finland's time."""


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(HELSINKI)


class ClockWentBack(ValueError):
    """A story would move its clock backwards."""


class StoryClock:
    """The story's clock, kept in a file: eight in the morning of a step's day, a second later for each step."""

    def __init__(self, path: Path):
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._now: datetime | None = None

    def _read(self) -> datetime | None:
        """Another process may move it."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return self._now
        if (found.st_mtime_ns, found.st_ino) != self._seen:
            self._now = datetime.fromisoformat(json.loads(self._path.read_text())["now"]).astimezone(HELSINKI)
            self._seen = (found.st_mtime_ns, found.st_ino)
        return self._now

    def now(self) -> datetime:
        return self._read() or LONG_AGO

    @property
    def started(self) -> bool:
        return self._read() is not None

    def move(self, day: date, step: int) -> None:
        """To the morning of ``day``, ``step`` seconds after eight. Raises ``ClockWentBack``."""
        to = datetime.combine(day, MORNING, HELSINKI) + timedelta(seconds=step)
        now = self._read()
        if now is not None and day < now.date():
            raise ClockWentBack(f"the clock is at {now.date()} and never goes back to {day}")
        to = max(to, now or to)
        write_whole(self._path, json.dumps({"now": to.isoformat()}))
        self._now = to
