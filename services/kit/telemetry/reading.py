"""The projector as it is watched: one span a batch, and in each act's own trace when its row was in this view."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.trace import Span

from consent.keys import Opened
from events.shared_log import Positioned, microseconds
from projections.held import Batch
from projections.run import TakenIn
from services.kit.telemetry.figures import OPENED, PROJECT_BATCH, VIEW_DELAY, measured
from services.kit.telemetry.traces import followed, note_in, span

SECOND = 1_000_000


class Reading:
    """One organisation's (``projections.run.Watch``)."""

    def __init__(self, organisation: str, now: Callable[[], datetime]):
        self._now, self._labels = now, {"organisation": organisation}

    @contextmanager
    def __call__(self, records: Sequence[Positioned]) -> Iterator[TakenIn]:
        links = followed(p.record.trace for p in records)
        with (
            measured(PROJECT_BATCH, **self._labels),
            span("project batch", {**self._labels, "records": len(records)}, links=links) as opened,
        ):

            def taken_in(keys: Sequence[Opened], batch: Batch) -> None:
                self._count(keys)
                self._tell_delay(records, batch)
                if links:
                    self._tell_acts(records, batch, opened)

            yield taken_in

    def _count(self, keys: Sequence[Opened]) -> None:
        for answer, count in Counter(k if isinstance(k, str) else "key" for k in keys).items():
            OPENED.add(count, {**self._labels, "answer": answer})

    def _tell_delay(self, records: Sequence[Positioned], batch: Batch) -> None:
        """Of the first row of the batch, which has waited longest."""
        first = batch.rows[0].position if batch.rows else None
        time = next((p.record.time for p in records if p.position == first), None)
        if time is not None:
            VIEW_DELAY.record(max(microseconds(self._now()) - time, 0) / SECOND, self._labels)

    def _tell_acts(self, records: Sequence[Positioned], batch: Batch, opened: Span) -> None:
        """Only of what this organisation may have: of others' records it knows nothing, and says nothing."""
        rows, changes = {r.position for r in batch.rows}, {c[0] for c in batch.changes}
        for name, positions in (("view.row", rows), ("view.consent", changes)):
            for act in followed(p.record.trace for p in records if p.position in positions):
                note_in(act, name, opened, self._labels)
