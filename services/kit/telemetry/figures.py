"""Every figure that a process counts or measures (OpenTelemetry's API; nothing is kept until ``setup`` says where to).

Labels are words of this code and ids of organisations: never of a person, a client or a fact.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from opentelemetry.metrics import Counter, Histogram, get_meter

METER = get_meter("palvelupolku")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)


class Figure(NamedTuple):
    """``name`` as Prometheus tells it."""

    name: str
    labels: tuple[str, ...]
    description: str


KNOWN: dict[str, Figure] = {}
"""By name: what panels and alerts may speak of."""


def known(name: str, labels: str, description: str, ending: str = "") -> str:
    """Note a figure, named ``palvelupolku.NAME`` here; ``ending``: what Prometheus puts behind. Returns that name."""
    told = f"palvelupolku_{name.replace('.', '_')}{ending}"
    KNOWN[told] = Figure(told, ("organisation", *labels.split()), description)
    return f"palvelupolku.{name}"


def _counter(name: str, labels: str, description: str) -> Counter:
    return METER.create_counter(known(name, labels, description, "_total"), description=description)


def _histogram(name: str, labels: str, description: str, bounds: Sequence[float] = SECONDS) -> Histogram:
    full = known(name, labels, description, "_seconds")
    return METER.create_histogram(full, unit="s", description=description, explicit_bucket_boundaries_advisory=bounds)


GATE_PASSED = _counter("gate.passed", "category", "Facts that somebody may have, at their first publication.")
GATE_WITHHELD = _counter(
    "gate.withheld", "reason", "Facts kept from an organisation that some grant names, or from everybody, and why."
)
SEALED = _counter("sealed", "", "Records sealed and put on the shared log.")
OPENED = _counter("opened", "answer", "Records read: with a key, not this organisation's, or of no epoch.")
KEYS_GIVEN = _counter("keys.given", "", "Keys that the authority gave to this organisation.")
KEYS_DENIED = _counter("keys.denied", "why", "Keys that the authority did not give to this organisation.")
CONSENT_CHANGES = _counter("consent.changes", "change", "Consent changes put on the shared log.")
LOOP_FAILURES = _counter("loop.failures", "loop why", "Steps of a loop that failed; it pauses and tries again.")

COMMAND = _histogram("command.duration", "command outcome", "A command, until it is durable.")
READ = _histogram("read.duration", "view", "A view, consent decided and the disclosure written.")
QUESTION = _histogram("authority.question.duration", "question outcome", "A question to the authority, as asked.")
ANSWER = _histogram("authority.answer.duration", "question", "The same, as the authority answers it.")
PUBLISH_BATCH = _histogram("publish.batch.duration", "", "A batch of own facts, decided, sealed and appended.")
PROJECT_BATCH = _histogram("project.batch.duration", "", "A batch of records, opened, decided and in the view.")
PUBLISH_DELAY = _histogram(
    "publish.delay", "", "From when a fact was recorded until it was looked at for publication; a batch's first.", LONG_SECONDS
)
VIEW_DELAY = _histogram("view.delay", "", "From when a record was sealed until its row is in the view; a batch's first.", LONG_SECONDS)
REQUEST = _histogram("request.duration", "method route status", "An HTTP request, by its route's template.")


@contextmanager
def measured(figure: Histogram, **labels: str) -> Iterator[None]:
    """How long what is within takes, however it ends."""
    start = time.perf_counter()
    try:
        yield
    finally:
        figure.record(time.perf_counter() - start, labels)


@contextmanager
def measured_outcome(figure: Histogram, refused: tuple[type[Exception], ...], **labels: str) -> Iterator[None]:
    """The same with a label ``outcome``: ``done``, ``refused`` (these errors) or ``failed``."""
    start, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    except refused:
        outcome = "refused"
        raise
    finally:
        figure.record(time.perf_counter() - start, {**labels, "outcome": outcome})
