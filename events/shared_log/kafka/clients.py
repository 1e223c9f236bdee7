"""The library's clients: opened and closed so that nothing of them stays behind, and what they raise in the log's words."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaConfigurationError, KafkaError, LogTruncationError, OffsetOutOfRangeError
from kafka.net.compat import KafkaNetClient

from events.shared_log import LogUnavailable
from events.shared_log.kafka import mended

CLOSE_SECONDS = 2.0

mended.mend()

# In its debug lines the library writes keys, values and passwords.
logging.getLogger("kafka").setLevel(logging.INFO)


class LogCut(Exception):
    """The log does not hold the place that was read to: it was cut or replaced. Nothing read of it can be relied on."""


class TopicDiffers(Exception):
    """The topic is not what it was made as. Says in what."""


class Deadline:
    def __init__(self, seconds: float):
        self._at = time.monotonic() + seconds

    @property
    def seconds(self) -> float:
        """What is left, at least zero."""
        return max(self._at - time.monotonic(), 0.0)

    @property
    def ms(self) -> int:
        return int(self.seconds * 1000)

    def sit_out(self) -> None:
        time.sleep(self.seconds)

    @property
    def passed(self) -> bool:
        return self._at <= time.monotonic()


@contextmanager
def answers() -> Iterator[None]:
    """What the library raises because Kafka does not answer or refuses: ``LogUnavailable``; ``LogCut`` for a place that
    is no more. Of its words only the kind is told: they may repeat what a record holds."""
    try:
        yield
    except (OffsetOutOfRangeError, LogTruncationError):
        raise LogCut("the shared log does not hold the place that was read to") from None
    except KafkaConfigurationError:  # ours, and no outage
        raise
    except (KafkaError, OSError, RuntimeError) as error:  # RuntimeError: its loop was closed
        raise LogUnavailable(f"the shared log does not answer ({type(error).__name__})") from None


def opened(kind: Any, **settings: Any) -> Any:
    """A client of the library. One that cannot reach Kafka leaves a thread behind, which is ended here.

    A server that takes a connection and says nothing costs a part of the time, not all of it: another may answer."""
    made = []

    def client(**given: Any) -> Any:
        soon = given["request_timeout_ms"] // 2
        tries = {"socket_connection_setup_timeout_ms": soon, "socket_connection_setup_timeout_max_ms": 2 * soon}
        made.append(KafkaNetClient(**given, **tries))
        return made[-1]

    try:
        return kind(kafka_client=client, **settings)
    except BaseException:
        for one in made:
            with suppress(Exception):
                one.close()
        raise


def close_consumer(consumer: Any) -> None:
    with suppress(KafkaError, OSError, RuntimeError):
        consumer.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))


def close_producer(producer: KafkaProducer) -> None:
    """End a producer together with what it has not sent. Its own ``close`` waits for that first, and where it cannot be
    sent, neither ends nor closes: a part of a failed append would go out later."""
    with suppress(KafkaError, OSError, RuntimeError):
        producer._sender.force_close()
        producer._sender.join(CLOSE_SECONDS)
        producer.close(timeout=CLOSE_SECONDS)
