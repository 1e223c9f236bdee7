"""The publisher as it is watched: one span a batch, and what the gate decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from consent.release import Outgoing, Released
from services.kit.telemetry.figures import GATE_PASSED, GATE_WITHHELD, PUBLISH_BATCH, PUBLISH_DELAY, SEALED, measured
from services.kit.telemetry.traces import followed, note_in, span

Sent = Callable[[Sequence[Released]], None]


class Publishing:
    """One organisation's."""

    def __init__(self, organisation: str, now: Callable[[], datetime]):
        self._organisation, self._now = organisation, now
        self._labels = {"organisation": organisation}

    @contextmanager
    def batch(self, facts: Sequence[Outgoing]) -> Iterator[Sent]:
        """Around a batch; call what it gives with what is on the log. Each act that the facts come of is told that
        they were looked at."""
        traces = followed(f.trace for f in facts)
        with (
            measured(PUBLISH_BATCH, **self._labels),
            span("publish batch", {**self._labels, "facts": len(facts)}, links=traces) as opened,
        ):
            yield self.sent
            PUBLISH_DELAY.record(max((self._now() - facts[0].header.recorded_at).total_seconds(), 0), self._labels)
            for act in traces:
                note_in(act, "published", opened, self._labels)

    def sent(self, released: Sequence[Released]) -> None:
        if released:
            SEALED.add(len(released), self._labels)

    def decided(self, passed: Mapping[str, int], withheld: Mapping[str, int]) -> None:
        """See ``consent.release.Decided``."""
        for category, count in passed.items():
            GATE_PASSED.add(count, {**self._labels, "category": category})
        for reason, count in withheld.items():
            GATE_WITHHELD.add(count, {**self._labels, "reason": reason})
