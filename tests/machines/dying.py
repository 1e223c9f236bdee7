"""``palvelupolku`` in a process that ends itself with SIGKILL at a named point: ``python -m tests.machines.dying POINT ...``
dies as soon as it comes there."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from consent.sealing import Signer
from events.shared_log.kafka import KafkaSharedLog
from projections.held import HeldFacts
from projections.run import Projector
from services.cli.main import app
from services.client.authority.store import AuthorityStore
from services.kit.organisation import Organisation
from services.kit.reactor import Reactor
from services.kit.store import OrganisationStore

BEFORE, AFTER = "before", "after"

POINTS: dict[str, tuple[type, str, str]] = {
    "facts stored": (OrganisationStore, "append", AFTER),
    "epoch opened": (AuthorityStore, "open_epochs", AFTER),
    "sealed, not appended": (Signer, "seal", AFTER),
    "appended, not noted": (KafkaSharedLog, "append", AFTER),
    "published noted": (OrganisationStore, "mark_published", AFTER),
    "consent on the log, not acknowledged": (OrganisationStore, "mark_changed", AFTER),
    "keys given, nothing held": (Projector, "_ask", AFTER),
    "about to hold": (HeldFacts, "write", BEFORE),
    "held, not reacted to": (HeldFacts, "write", AFTER),
    "reacted, still waiting": (Reactor, "_one", AFTER),
    "purged, not wiped": (HeldFacts, "purged", BEFORE),
    "disclosure written, not answered": (Organisation, "disclose", AFTER),
}
"""Where, and whether it dies before or after it."""


def dies_at(point: str) -> None:
    kind, name, when = POINTS[point]
    method: Callable[..., Any] = getattr(kind, name)

    def dying(*args: Any, **how: Any) -> None:
        if when == AFTER:
            method(*args, **how)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(kind, name, dying)


if __name__ == "__main__":
    dies_at(sys.argv[1])
    sys.argv[1:2] = []
    app()
