"""Who has not said yet that they have removed what a client took back, and since when: figures for whoever runs it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from opentelemetry.metrics import CallbackOptions, Observation

from consent.overview import ConsentView, RemovalRow, SilentRow
from events.consent import ConsentNarrowed, ConsentRefused, ConsentWithdrawn
from services.client.desk import HomeDesk
from services.kit.organisation import Organisation
from services.kit.telemetry.figures import METER, known

TAKES_AWAY = (ConsentWithdrawn, ConsentNarrowed, ConsentRefused)
COUNT = known("withdrawals.unconfirmed", "", "Changes that took something away and that this organisation has not confirmed.")
AGE = known("withdrawal.unconfirmed.age", "", "Seconds since the oldest of them was recorded.", "_seconds")


class Silent:
    """Looks only at clients with a change that not everybody has confirmed, and at those with new changes."""

    def __init__(self, home: Organisation, desk: HomeDesk):
        self._home, self._desk = home, desk
        self._looked_to, self._open = 0, set[str]()
        self._lock = threading.Lock()

    def now(self) -> dict[str, list[datetime]]:
        """By organisation: when each change was recorded that it has not confirmed."""
        with self._lock:
            self._looked_to, new = self._home.store.clients_with((t.__name__ for t in TAKES_AWAY), self._looked_to)
            self._open |= new
            found: dict[str, list[datetime]] = {}
            for client_ref in tuple(self._open):
                rows = [row for view in self._desk.consents(client_ref) for row in _silent(view)]
                if not rows:
                    self._open.remove(client_ref)
                for row in rows:
                    found.setdefault(row.organisation, []).append(row.since)
            return found


def _silent(view: ConsentView) -> Iterator[SilentRow]:
    removals: list[RemovalRow | None] = [view.removal, *(c.removal for c in view.changes)]
    return (row for removal in removals if removal is not None for row in removal.silent)


def tell_silent(desk: HomeDesk, found: Callable[[], Mapping[str, list[datetime]] | None]) -> None:
    """From now on. ``found``: as ``Silent.now``, or as it was a moment ago; None while nobody knows."""

    def count(_: CallbackOptions) -> Iterator[Observation]:
        if (silent := found()) is not None:
            yield from (Observation(len(silent.get(o, ())), {"organisation": o}) for o in desk.organisations)

    def age(_: CallbackOptions) -> Iterator[Observation]:
        for organisation, since in (found() or {}).items():
            yield Observation(max((desk.now() - min(since)).total_seconds(), 0), {"organisation": organisation})

    METER.create_observable_gauge(COUNT, [count], description="Withdrawals and the like that an organisation has not confirmed.")
    METER.create_observable_gauge(AGE, [age], unit="s", description="Since the oldest of them was recorded.")
