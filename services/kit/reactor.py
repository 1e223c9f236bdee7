"""An organisation's reactions to what it holds: own facts, decided by its features, once for each fact heard."""

import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime

from events.codec import decode
from events.consent import WithdrawalApplied
from events.envelope import Fact
from projections.held import TO_HEAR, HeldFacts, HeldRow, ToConfirm
from services.kit.client_file import SYSTEM, Actor, At, ClientFile, Draft
from services.kit.decide import Features, react, stamped
from services.kit.errors import Refused
from services.kit.store import OrganisationStore, WrittenMeanwhile

BATCH = 200

log = logging.getLogger(__name__)


def new_ref() -> str:
    """A fresh fact id."""
    return os.urandom(16).hex()


class Reactor:
    """Hears what waits in the view's queue. Whatever is heard twice adds nothing the second time."""

    def __init__(self, store: OrganisationStore, view: HeldFacts, features: Features, now: Callable[[], datetime]):
        self._store, self._view, self._features, self._now = store, view, features, now

    def step(self) -> int:
        """React to the next batch. Returns how many were looked at."""
        waiting = self._view.waiting(TO_HEAR, BATCH)
        for one in waiting:
            if (heard := self._view.heard(one.position)) is not None:
                self._one(heard)
        if waiting:
            self._view.done(waiting)
        return len(waiting)

    def _one(self, heard: HeldRow | ToConfirm) -> None:
        try:
            self._write(heard)
        except WrittenMeanwhile:
            self._write(heard)

    def _write(self, heard: HeldRow | ToConfirm) -> None:
        file = self._store.file(heard.client_ref)
        facts = self._confirmed(file, heard) if isinstance(heard, ToConfirm) else self._reacted(file, heard)
        if facts:
            self._store.append(file, facts)

    def _at(self) -> At:
        return At(self._now(), Actor(SYSTEM, "palvelupolku", SYSTEM, self._store.organisation))

    def _reacted(self, file: ClientFile, row: HeldRow) -> Sequence[Fact]:
        fact = decode(row.data)
        try:
            return react(self._features, file, fact, self._at(), new_ref)
        except Refused as refusal:
            log.warning("a reaction to %s was refused: %s", fact.name, refusal.code)
            self._store.reaction_refused(row.position, row.client_ref, fact.fact_id, refusal.code)
            return ()

    def _confirmed(self, file: ClientFile, done: ToConfirm) -> Sequence[Fact]:
        """Each recipient says that it has removed what it may no longer hold (consent.md, "Changes")."""
        command_id = f"applied:{done.change}"
        if command_id in file.command_ids:
            return ()
        draft = Draft(WithdrawalApplied(change=done.change, removed=done.removed), self._now().date())
        return stamped(file, [draft], self._at(), command_id, new_ref)
