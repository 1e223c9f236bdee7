"""The shared log: sealed records, one ordered stream per client, at-least-once, idempotent by record id.

A record is a CloudEvent 1.0 whose ``type`` and ``source`` are constant: who wrote it, of what category,
is known only inside the seal (consent.md, "The log").
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

TYPE = "palvelupolku.sealed.v1"
SOURCE = "urn:palvelupolku"
CONTENT_TYPE = "application/octet-stream"
HELSINKI = ZoneInfo("Europe/Helsinki")

_HOUR = 3_600_000_000


class LogUnavailable(Exception):
    """The shared log does not answer now. Of what was to be appended some may be on it: append it again."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """``id`` 32 hex digits, ``subject`` the client_ref, ``time`` microseconds since 1970 UTC, ``data`` sealed bytes.
    ``trace`` is a W3C ``traceparent`` or empty: it says which act the record comes of, and is not authenticated."""

    id: str
    subject: str
    time: int
    data: bytes
    trace: str = ""


class Positioned(msgspec.Struct, frozen=True, gc=False):
    """A record at its place. Position in a client's stream is the only order that counts for consent."""

    position: int
    record: Record


class LogReader(Protocol):
    """Reads on, from many partitions at once. For one thread."""

    def partitions(self) -> Sequence[str]:
        """Those that are this reader's now. Where several readers share a group, each has its part, and it may change."""

    def next(self, after: Mapping[str, int], limit: int) -> Mapping[str, Sequence[Positioned]]:
        """Of each of these partitions, and no others, what comes next after a position, in order; at most ``limit`` in
        all. Empty only where there was nothing more in any of them when it was asked. Raises ``LogUnavailable``."""

    def wait(self, seconds: float) -> None:
        """Until there may be something new, at most so long."""

    def close(self) -> None: ...


class SharedLog(Protocol):
    """What any shared log does. ``tests/conformance`` holds every implementation to it.

    A client's records are all in one partition; positions grow within a partition, may have gaps, and no two records
    of any partitions have the same. Every call raises ``LogUnavailable`` where the log does not answer.
    """

    def partitions(self) -> Sequence[str]:
        """Names of the partitions, always the same."""

    def partition_of(self, subject: str) -> str:
        """The partition that holds a client's records."""

    def partition_at(self, position: int) -> str:
        """The partition that a position is of."""

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """Write durably, each client's in order. Returns a position for each. A failed append may be repeated: a record
        whose id is on the log already is then left out and gives the position it has, or stands there once more at
        a later place. Which of it, is the log's kind; what counts is the first."""

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        """Position of the first record of this id in a client's partition after a position. Reads on from there to
        the head: for looking among the newest."""

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        """Records with a position greater than ``after``, in order, at most ``limit``."""

    def head(self, partition: str) -> int:
        """Position of the newest record; 0 when there is none."""

    def behind(self, after: Mapping[str, int]) -> int:
        """How many records come after these positions; of a partition that is left out, all of them."""

    def heads(self) -> Mapping[str, int]:
        """``head`` of every partition."""

    def missing_copies(self) -> int:
        """How many copies of partitions are not in step with the newest record, since a server that keeps them is away.
        0 where the log has one copy."""

    def reader(self, group: str | None = None) -> LogReader:
        """A reader of all partitions or, with a group's name, of those that fall to this one of its readers."""

    def close(self) -> None: ...


@lru_cache(maxsize=4096)
def _day(hour: int) -> date:
    return datetime.fromtimestamp(hour * 3600, HELSINKI).date()


def day_of(time: int) -> date:
    """The day in Finland of a record's time. Finland's offsets are whole hours, so the hour decides."""
    return _day(time // _HOUR)


def microseconds(moment: datetime) -> int:
    """A moment as a record's ``time``."""
    seconds = int(moment.timestamp())
    return seconds * 1_000_000 + moment.microsecond
