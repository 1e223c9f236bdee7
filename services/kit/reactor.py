"""An organisation's reactions to what it holds: own facts, decided by its features, once for each fact heard."""

import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime

from events.codec import decode
from events.consent import WithdrawalApplied
from events.envelope import Fact
from projections.held import HeldFacts, HeldRow, ToConfirm
from services.kit.client_file import Actor, At, ClientFile, Draft
from services.kit.decide import Features, react, stamped
from services.kit.errors import Refused
from services.kit.store import OrganisationStore, WrittenMeanwhile

REACTOR = "reactions"
BATCH = 200
SYSTEM = "system"

log = logging.getLogger(__name__)


def new_ref() -> str:
    """A fresh fact id."""
    return os.urandom(16).hex()


class Reactor:
    """Follows the facts held and the withdrawals applied, in the order of the log. Its position moves with its facts."""

    def __init__(self, store: OrganisationStore, view: HeldFacts, features: Features, now: Callable[[], datetime]):
        self._store, self._view, self._features, self._now = store, view, features, now

    def step(self) -> int:
        """React to the next batch. Returns how many were looked at."""
        heard = self._heard(self._store.position(REACTOR), BATCH)
        for one in heard:
            self._one(one, (REACTOR, one.position))
        if heard:
            self._store.move_position(REACTOR, heard[-1].position)
        return len(heard) + self._hear_late()

    def _heard(self, after: int, limit: int) -> list[HeldRow | ToConfirm]:
        """Up to what there was when it began: a projector may write between one reading and the next."""
        view = self._view
        newest = view.newest()
        of_each: list[HeldRow | ToConfirm] = [*view.held_after(after, limit), *view.to_confirm(after, limit)]
        return sorted((h for h in of_each if h.position <= newest), key=lambda h: h.position)[:limit]

    def _hear_late(self) -> int:
        """Records that were understood only after later ones had been heard. The position stays where it is."""
        late = self._view.understood_late()
        for position, _ in late:
            for one in self._heard(position - 1, 1):
                if one.position == position:
                    self._one(one, None)
            self._view.heard_late(position)
        return len(late)

    def _one(self, heard: HeldRow | ToConfirm, position: tuple[str, int] | None) -> None:
        try:
            self._write(heard, position)
        except WrittenMeanwhile:
            self._write(heard, position)

    def _write(self, heard: HeldRow | ToConfirm, position: tuple[str, int] | None) -> None:
        file = self._store.file(heard.client_ref)
        facts = self._confirmed(file, heard) if isinstance(heard, ToConfirm) else self._reacted(file, heard)
        if facts:
            self._store.append(file, facts, position)

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
