"""What kafka-python 3.0.12 does wrong and cannot be kept from by using it otherwise. Each is told by a test."""

import threading
from typing import Any

from kafka.coordinator.consumer import ConsumerCoordinator
from kafka.errors import CorruptRecordError, KafkaTimeoutError
from kafka.net import selector
from kafka.net.manager import KafkaConnectionManager
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch


class _Lenient(bytearray):
    """Bytes that read as text somehow."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Lenient(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "replace")


class AnyHeaderName(DefaultRecordBatch):  # type: ignore[misc]
    """One message with a header whose name is not UTF-8 ends the library's reading of a partition for good: the first
    poll raises, the second never returns. Java's clients read such a name with replacements, and so do we."""

    _buffer: Any

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except CorruptRecordError:
            self._buffer = _Lenient(self._buffer)
            return super().__next__()


_need_rejoin = ConsumerCoordinator.need_rejoin


def need_rejoin(coordinator: Any) -> bool:
    """A poll may end before the group has answered; the next goes on with it. But where the metadata had changed, asking
    the group takes the reason away, and the library does not go on: the member holds its partitions and never hears it."""
    return coordinator._join_task is not None or bool(_need_rejoin(coordinator))


LONGEST_SECONDS = 30.0
"""Longer than any question that has a time limit of its own may take."""


class _Waiter(threading.Event):
    """As the library waits for its own thread: without end, also where what it waits for has been lost there (an exception in
    another task, a connection that went at a wrong moment). The client is of no use then: it is to be made anew."""

    def wait(self, timeout: float | None = None) -> bool:
        happened = super().wait(LONGEST_SECONDS if timeout is None else timeout)
        if not happened and timeout is None:
            raise KafkaTimeoutError("the client's own thread does not answer")
        return happened


class _Threading:
    """``threading`` as the library's selector uses it."""

    Event = _Waiter

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


_get_connection = KafkaConnectionManager.get_connection


def get_connection(manager: Any, node_id: Any, timeout_ms: float | None = None, **how: Any) -> Any:
    """To find the servers, the library asks one of them first, and gives it all the time there is. Where that one stands
    still, no client can be opened, though the others answer. It gets as long as any other connection."""
    limit = manager.socket_connection_setup_timeout_ms(node_id)
    return _get_connection(manager, node_id, limit if timeout_ms is None else min(timeout_ms, limit), **how)


def mend() -> None:
    KafkaConnectionManager.get_connection = get_connection
    selector.threading = _Threading()
    memory_records.DefaultRecordBatch = AnyHeaderName
    ConsumerCoordinator.need_rejoin = need_rejoin
