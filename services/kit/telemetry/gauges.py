"""How an organisation stands, told to whoever fetches the figures: the same by each of its processes."""

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
from services.kit.upstreams import Upstreams

COUNTED = 1_000
"""Whatever waits is counted up to this."""


class Gauge(NamedTuple):
    name: str
    description: str
    of: Callable[[Organisation], float]


STORED = (
    Gauge("to.publish", "Own facts that the publisher has not looked at.", lambda o: o.store.to_publish(COUNTED)),
    Gauge("to.react", "Facts heard that wait for a reaction.", lambda o: len(o.projector.view.waiting(TO_HEAR, COUNTED))),
    Gauge(
        "to.send.again", "Clients' files to be looked through for newcomers.",
        lambda o: len(o.projector.view.waiting(TO_SEND_AGAIN, COUNTED)) + len(o.store.backfill_queue(COUNTED)),
    ),
    Gauge("dead.letters", "Records set aside; their clients' later records wait.", lambda o: o.projector.view.count_set_aside(COUNTED)),
    Gauge("reactions.refused", "Facts to which the organisation's own rules could not react.", lambda o: len(o.store.reactions_refused())),
    Gauge("published.position", "The last own fact that the publisher looked at.", lambda o: o.store.position(PUBLISHER)),
)  # fmt: skip
NAMES = {g.name: known(g.name, "", g.description) for g in STORED}
TO_READ = known("to.read", "", "Records of the shared log that the view has not read.")
COPIES = known("log.copies.missing", "", "Copies of the shared log's partitions that are not in step: a broker is away.")
UPSTREAM = known("upstream.answers", "upstream", "1 where it answers (store, log, authority), 0 where it does not.")

Value = Callable[[], float | None]


def stored(organisation: Organisation) -> dict[str, float]:
    """What the organisation's database tells, by the gauge's name."""
    return {gauge.name: gauge.of(organisation) for gauge in STORED}


def tell_standing(organisations: Iterable[Organisation], log: SharedLog) -> None:
    """From now on, of organisations in this process. A figure that cannot be known now is left out: it is missing, not
    nought."""
    asked = tuple(organisations)
    for gauge in STORED:
        _tell(NAMES[gauge.name], {o.id: _asked(gauge.of, o) for o in asked})
    _tell(TO_READ, {o.id: _asked(lambda o: log.behind(o.projector.view.positions()), o) for o in asked})


def tell_upstreams(organisation: str, upstreams: Upstreams) -> None:
    """The same of one organisation beside servers: as they were found a moment ago, so that whoever fetches figures never
    waits for who is silent. And who answers."""

    def of_store(name: str) -> Value:
        return lambda: (upstreams.last("store") or {}).get(name)

    for gauge in STORED:
        _tell(NAMES[gauge.name], {organisation: of_store(gauge.name)})
    _tell(TO_READ, {organisation: lambda: upstreams.last("log")})
    _tell(COPIES, {organisation: lambda: upstreams.last("copies")})

    def answers(_: CallbackOptions) -> Iterator[Observation]:
        for upstream, does in upstreams.answers().items():
            yield Observation(int(does), {"organisation": organisation, "upstream": upstream})

    METER.create_observable_gauge(UPSTREAM, [answers])


def _asked(of: Callable[[Organisation], float], organisation: Organisation) -> Value:
    def value() -> float | None:
        with suppress(PersistenceError, LogUnavailable):
            return of(organisation)
        return None

    return value


def _tell(name: str, values: Mapping[str, Value]) -> None:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        for organisation, value in values.items():
            if (found := value()) is not None:
                yield Observation(found, {"organisation": organisation})

    METER.create_observable_gauge(name, [observe])
