"""How an organisation stands, asked when somebody fetches the figures: the same for each of its processes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from eventsourcing.persistence import PersistenceError
from opentelemetry.metrics import CallbackOptions, Observation

from events.shared_log import LogUnavailable, SharedLog
from projections.held import TO_HEAR, TO_SEND_AGAIN
from services.kit.organisation import Organisation
from services.kit.store import PUBLISHER
from services.kit.telemetry.figures import METER, known

COUNTED = 10_000
"""Whatever waits is counted up to this."""


class Gauge(NamedTuple):
    """``needs``: the upstreams without which it cannot be known."""

    name: str
    description: str
    of: Callable[[Organisation, SharedLog], float]
    needs: tuple[str, ...] = ("store",)


GAUGES = (
    Gauge("to.publish", "Own facts that the publisher has not looked at.", lambda o, _: o.store.to_publish(COUNTED)),
    Gauge(
        "to.read", "Records of the shared log that the view has not read.",
        lambda o, log: log.behind(o.projector.view.positions()), ("store", "log"),
    ),
    Gauge("to.react", "Facts heard that wait for a reaction.", lambda o, _: len(o.projector.view.waiting(TO_HEAR, COUNTED))),
    Gauge(
        "to.send.again", "Clients' files to be looked through for newcomers.",
        lambda o, _: len(o.projector.view.waiting(TO_SEND_AGAIN, COUNTED)) + len(o.store.backfill_queue(COUNTED)),
    ),
    Gauge("dead.letters", "Records set aside; their clients' later records wait.", lambda o, _: len(o.projector.view.set_aside())),
    Gauge("reactions.refused", "Facts to which the organisation's own rules could not react.", lambda o, _: len(o.store.reactions_refused())),
    Gauge("published.position", "The last own fact that the publisher looked at.", lambda o, _: o.store.position(PUBLISHER)),
)  # fmt: skip
NAMES = {g.name: known(g.name, "", g.description) for g in GAUGES}
UPSTREAM = known("upstream.answers", "upstream", "1 where it answers (store, log, authority), 0 where it does not.")
COPIES = known("log.copies.missing", "", "Copies of the shared log's partitions that are not in step: a broker is away.")

Answers = Callable[[], Mapping[str, bool]]
"""Of each upstream, whether it answers. What is not named is taken to."""


def tell_standing(organisations: Iterable[Organisation], log: SharedLog, answers: Answers = dict) -> None:
    """From now on. A figure that cannot be known now is left out: it is missing, not nought. Of an upstream that is known
    to be away nothing is asked: whoever fetches figures does not wait for it."""
    asked = tuple(organisations)
    for gauge in GAUGES:
        observe = _observing(gauge, asked, log, answers)
        METER.create_observable_gauge(NAMES[gauge.name], [observe], description=gauge.description)


def tell_upstreams(organisation: str, answers: Answers, copies: Callable[[], int | None]) -> None:
    """From now on: who answers and, where that is known, how many ``copies`` of the log are missing."""

    def missing(_: CallbackOptions) -> Iterator[Observation]:
        if (count := copies()) is not None:
            yield Observation(count, {"organisation": organisation})

    METER.create_observable_gauge(UPSTREAM, [_upstreams(organisation, answers)])
    METER.create_observable_gauge(COPIES, [missing])


def _observing(
    gauge: Gauge, organisations: tuple[Organisation, ...], log: SharedLog, answers: Answers
) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        now = answers()
        if not all(now.get(upstream, True) for upstream in gauge.needs):
            return
        for organisation in organisations:
            with suppress(PersistenceError, LogUnavailable):
                yield Observation(gauge.of(organisation, log), {"organisation": organisation.id})

    return observe


def _upstreams(organisation: str, answers: Answers) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        for upstream, does in answers().items():
            yield Observation(int(does), {"organisation": organisation, "upstream": upstream})

    return observe
