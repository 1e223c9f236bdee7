"""A record as a Kafka message: the CloudEvents 1.0 Kafka binding in binary mode, and where messages stand.

    key      the client_ref
    value    the sealed data
    headers  ce_specversion, ce_id, ce_type, ce_source, ce_subject, ce_time, content-type; ce_traceparent if it has one

Position of a message = (offset + 1) * STRIDE + partition: it grows within a partition and no two of a topic are the same.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from kafka.partitioner.default import murmur2

from events.shared_log import CONTENT_TYPE, SOURCE, TYPE, Positioned, Record
from events.shared_log.kafka.settings import STRIDE

Headers = list[tuple[str, bytes]]
REMEMBERED_CLIENTS = 100_000
TIME_BYTES = 40

_VISIBLE = re.compile(r"[!-~]{1,200}")
"""What our ids and references are made of: anything else could be more than a database takes."""

_SPECVERSION = ("ce_specversion", b"1.0")
_TYPE = ("ce_type", TYPE.encode())
_SOURCE = ("ce_source", SOURCE.encode())
_CONTENT_TYPE = ("content-type", CONTENT_TYPE.encode())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def position_of(partition: int, offset: int) -> int:
    return (offset + 1) * STRIDE + partition


def offset_after(partition: int, position: int) -> int:
    """The first offset in a partition whose position is greater."""
    return max((position - partition) // STRIDE, 0)


def partitioner(partitions: int) -> Callable[[str], int]:
    """The partition of a client's records: as Kafka's own clients find it by the key, so that all agree."""

    @lru_cache(maxsize=REMEMBERED_CLIENTS)
    def partition_of(subject: str) -> int:
        return int(murmur2(subject.encode()) & 0x7FFFFFFF) % partitions

    return partition_of


@lru_cache(maxsize=1024)
def _time(time: int) -> tuple[str, bytes]:
    moment = _EPOCH + timedelta(microseconds=time)
    return "ce_time", moment.isoformat(timespec="microseconds").encode()


@lru_cache(maxsize=1024)
def _microseconds(time: bytes) -> int:
    """Raises ``ValueError`` or, for a time of no known zone, ``TypeError``."""
    return (datetime.fromisoformat(time.decode()) - _EPOCH) // _MICROSECOND


def _when(time: bytes) -> int:
    """Raises ``ValueError`` also for what is too long to be remembered."""
    if len(time) > TIME_BYTES:
        raise ValueError
    return _microseconds(time)


def headers(record: Record) -> Headers:
    made = [
        _SPECVERSION, ("ce_id", record.id.encode()), _TYPE, _SOURCE, ("ce_subject", record.subject.encode()),
        _time(record.time), _CONTENT_TYPE,
    ]  # fmt: skip
    if record.trace:
        made.append(("ce_traceparent", record.trace.encode()))
    return made


def decoder(partition_of: Callable[[str], int]) -> Callable[[Any], Positioned]:
    """Reads messages as the library's consumer gives them.

    A message that is not as ``headers`` makes them, or does not stand in its client's partition, is nobody's: it comes
    with neither ``id`` nor ``subject``, and with whatever bytes it has, for its reader to set aside in plain sight.
    """
    version, kind, source = _SPECVERSION[1], _TYPE[1], _SOURCE[1]

    def decode(message: Any) -> Positioned:
        partition = message.partition
        position = (message.offset + 1) * STRIDE + partition
        try:
            found = dict(message.headers)
            subject = found["ce_subject"].decode("ascii")
            trace = found.get("ce_traceparent")
            record = Record(
                found["ce_id"].decode("ascii"),
                subject,
                _when(found["ce_time"]),
                message.value,
                trace.decode("ascii") if trace else "",
            )
            if (
                found["ce_specversion"] == version and found["ce_type"] == kind and found["ce_source"] == source
                and message.key == found["ce_subject"] and partition_of(subject) == partition
                and message.value is not None and all(map(_VISIBLE.fullmatch, (subject, record.id, record.trace or "-")))
            ):  # fmt: skip
                return Positioned(position, record)
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError):
            pass  # not one of ours
        return Positioned(position, Record("", "", 0, message.value or b""))

    return decode
