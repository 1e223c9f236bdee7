"""The shared log: sealed records, one ordered stream per client, at-least-once, idempotent by record id.

A record is a CloudEvent 1.0 whose ``type`` and ``source`` are constant: who wrote it, of what category,
is known only inside the seal (consent.md, "The log").
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

TYPE = "palvelupolku.sealed.v1"
SOURCE = "urn:palvelupolku"
CONTENT_TYPE = "application/octet-stream"
HELSINKI = ZoneInfo("Europe/Helsinki")

_HOUR = 3_600_000_000


class Record(msgspec.Struct, frozen=True, gc=False):
    """``id`` 32 hex digits, ``subject`` the client_ref, ``time`` microseconds since 1970 UTC, ``data`` sealed bytes."""

    id: str
    subject: str
    time: int
    data: bytes


class Positioned(msgspec.Struct, frozen=True, gc=False):
    """A record at its place. Position in a client's stream is the only order that counts for consent."""

    position: int
    record: Record


class SharedLog(Protocol):
    """What any shared log does. ``tests/conformance`` holds every implementation to it.

    A client's records are all in one partition; positions grow within a partition and may have gaps.
    """

    def partitions(self) -> Sequence[str]:
        """Names of the partitions, always the same."""

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """Write durably, in order. Returns a position for each; a record whose id is on the log already
        is not written again and gives the position it has. All or nothing on SQLite; on any log a failed
        append may be repeated."""

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        """Records with a position greater than ``after``, in order, at most ``limit``."""

    def head(self, partition: str) -> int:
        """Position of the newest record; 0 when there is none."""


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


def cloud_event(record: Record) -> tuple[dict[str, str], bytes]:
    """The CloudEvents attributes and the data of a record, for any binding."""
    moment = datetime.fromtimestamp(record.time // 1_000_000, UTC).replace(microsecond=record.time % 1_000_000)
    attributes = {
        "specversion": "1.0",
        "id": record.id,
        "type": TYPE,
        "source": SOURCE,
        "subject": record.subject,
        "time": moment.isoformat(),
        "datacontenttype": CONTENT_TYPE,
    }
    return attributes, record.data
