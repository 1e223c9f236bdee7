"""Follows an organisation's own facts to the only door, and sends facts again to those who may newly have them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from consent.keys import ConsentMoved, Keyring
from consent.meant_for import mention
from consent.policy import ClientConsent
from consent.release import PURPOSE, Outgoing, Release, Released
from consent.withheld import Record, Withheld, published_to, withheld
from events.codec import Header
from events.consent import Scope
from events.envelope import INTERNAL
from projections.held import TO_SEND_AGAIN
from projections.run import BATCH, Projector
from services.kit.store import PUBLISHER, OrganisationStore
from services.kit.telemetry.publishing import Publishing

ATTEMPTS = 5
CONSENT = "consent"

T = TypeVar("T")

StatutoryScopes = frozenset[Scope]
"""The scopes that a configured ground lets this organisation tell."""


class Publisher:
    """One organisation's publisher. Its position and what it has sent are in the organisation's own store."""

    def __init__(
        self, store: OrganisationStore, release: Release, projector: Projector, keyring: Keyring,
        now: Callable[[], datetime], statutory: StatutoryScopes, changes_first: Callable[[str], object],
        watch: Publishing,
    ):
        self._store, self._release, self._projector, self._keyring = store, release, projector, keyring
        self._now, self._statutory, self._changes_first, self._watch = now, statutory, changes_first, watch
        self._statutory_categories = {s.category for s in statutory}

    def step(self) -> int:
        """Publish the next batch of own facts. Returns how many were looked at.
        Raises ``AuthorityUnavailable``: then nothing has moved."""
        facts = self._store.unpublished(BATCH)
        if not facts:
            return 0
        with self._watch.batch(facts) as sent:
            released = self._publish(facts)
            self._store.mark_published(released, facts[-1].number, any(f.trace for f in facts))
            sent(released)
        return len(facts)

    def _publish(self, facts: Sequence[Outgoing]) -> list[Released]:
        for client_ref in {f.header.client_ref for f in facts if f.header.category == CONSENT}:
            self._changes_first(client_ref)
        self._note_grounds(facts)
        try:
            return self._deciding_again(lambda: self._release.publish(facts, self._consent, self._now()))
        except ConsentMoved as moved:
            # A client whose consent cannot be read on (a record set aside) must not hold up the others.
            self._store.queue_backfill(moved.client_refs)
            others = [f for f in facts if f.header.client_ref not in moved.client_refs]
            return self._deciding_again(lambda: self._release.publish(others, self._consent, self._now()))

    def _consent(self, client_ref: str) -> ClientConsent:
        return self._projector.consent(client_ref)

    def _deciding_again(self, send: Callable[[], T]) -> T:
        """Read on and decide again while consent moves."""
        for _ in range(ATTEMPTS):
            try:
                return send()
            except ConsentMoved:
                self._projector.step()
        return send()

    def _note_grounds(self, facts: Sequence[Outgoing]) -> None:
        """A statutory ground has a position like any grant: it is put there before the first fact that needs it."""
        needed: dict[str, set[Scope]] = {}
        for head in (f.header for f in facts if f.header.category in self._statutory_categories):
            needed.setdefault(head.client_ref, set()).update(self._statutory_for(head))
        missing = {c: scopes for c, scopes in needed.items() if not scopes <= self._consent(c).grants.statutory}
        for client_ref, scopes in missing.items():
            self._keyring.note_grounds(client_ref, self._store.organisation, scopes)
        if missing:
            self._projector.step()

    def _statutory_for(self, head: Header) -> set[Scope]:
        answers = mention(head).answers
        return {s for s in self._statutory if s.category == head.category and answers in (None, s.recipient)}

    # Sending again

    def backfill(self) -> int:
        """Send again what newly may be had. Returns how many clients were looked at."""
        changed = self._projector.view.waiting(TO_SEND_AGAIN, BATCH)
        if changed:
            self._store.queue_backfill({w.client_ref for w in changed})
            self._projector.view.done(changed)
        waiting = [c for c in self._store.backfill_queue(BATCH) if not self._projector.blocked(c)]
        return len(changed) + sum(self._backfill_client(client_ref) for client_ref in waiting)

    def _backfill_client(self, client_ref: str) -> bool:
        """False where consent moves too fast, or cannot be read on: the client stays in the queue, the others go on."""
        up_to = self._store.position(PUBLISHER)
        facts = [o for o in self._store.own_facts(client_ref) if o.number <= up_to and o.header.category != INTERNAL]
        try:
            self._deciding_again(lambda: self._send_again(client_ref, facts))
        except ConsentMoved:
            return False
        self._store.backfilled(client_ref)
        return True

    def _send_again(self, client_ref: str, facts: list[Outgoing]) -> None:
        missing = list(self._missing(client_ref, facts))
        for start in range(0, len(missing), BATCH):
            released = self._release.publish_again(missing[start : start + BATCH], self._consent, self._now())
            self._store.mark_published_again(released)
            self._watch.sent(released)

    def _missing(self, client_ref: str, facts: list[Outgoing]) -> Iterator[tuple[Outgoing, str]]:
        """Each (fact, recipient) that consent covers now and that no valid record has brought."""
        consent, today = self._consent(client_ref), self._now().date()
        records = self._records(client_ref)
        for fact in facts:
            day = fact.header.fact_date
            for scope in consent.recipients(self._store.organisation, fact.header.category, PURPOSE):
                if consent.may_have_now(scope, day, today) and not published_to(
                    scope.recipient, day, records.get(fact.number, ()), consent, scope, today
                ):
                    yield fact, scope.recipient

    def _records(self, client_ref: str) -> dict[int, list[Record]]:
        records: dict[int, list[Record]] = {}
        for p in self._store.publications(client_ref):
            records.setdefault(p.number, []).append(Record(p.position, p.time, p.recipients))
        return records

    def withheld(self, client_ref: str, organisations: frozenset[str], apart: frozenset[str]) -> list[Withheld]:
        """What of this client's file stayed at home, from whom, and why."""
        ids = {o.number: o.header.fact_id for o in self._store.own_facts(client_ref)}
        records = {ids[number]: found for number, found in self._records(client_ref).items()}
        facts = self._store.file(client_ref).facts
        source = self._store.organisation
        return withheld(facts, records, self._consent(client_ref), source, organisations, self._now().date(), apart)
