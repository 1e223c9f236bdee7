from collections.abc import Iterator

import pytest

from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from tests.conformance.log_reader import LogReaderConformance
from tests.conformance.shared_log import CopiesStand, Reopen, SharedLogConformance


@pytest.fixture
def log(kafka_log: KafkaSharedLog) -> KafkaSharedLog:
    return kafka_log


@pytest.fixture
def reopen(settings: KafkaSettings) -> Iterator[Reopen]:
    opened: list[KafkaSharedLog] = []

    def again() -> KafkaSharedLog:
        opened.append(KafkaSharedLog(settings))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def opening(settings: KafkaSettings) -> str:
    return f"""
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
log = KafkaSharedLog({settings!r})
"""


class TestKafkaSharedLog(SharedLogConformance, CopiesStand):
    """See ``tests.conformance.shared_log``."""


class TestKafkaLogReader(LogReaderConformance):
    """See ``tests.conformance.log_reader``."""
