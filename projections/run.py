"""The projector: from the shared log into what an organisation may hold, in batches.

For each record it asks the authority for the key ("not yours" is final), opens the seal, holds the signature
against its source, and keeps the fact only if consent has covered it from its position until now. It waits
where the authority cannot answer. A record that it does not understand is set aside in plain sight, and the
client's later records behind it; other clients go on.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Protocol

from eventsourcing.persistence import IntegrityError

from consent.domain import CHANGES, Change, UnknownGrant
from consent.keys import NO_SUCH, NOT_YOURS, Keyring, Opened, OpenKey
from consent.policy import ClientConsent, Steps, allows
from consent.release import PURPOSE
from consent.sealing import (
    CONSENT_CHANGE,
    SealBroken,
    SignatureBroken,
    Verifier,
    locator_of,
    open_part,
    unseal,
)
from events.catalogue import UnknownFact
from events.codec import UnreadableFact, decode, encode
from events.consent import ConsentNarrowed, ConsentRefused, ConsentWithdrawn, Scope
from events.envelope import Fact
from events.identity import ClientIntroduced
from events.shared_log import Positioned, SharedLog, day_of
from events.structs import replaced
from projections.held import Batch, HeldFacts, HeldRow, SetAside, ToConfirm

BATCH = 500
CACHED_CLIENTS = 5_000



class Register(Protocol):
    """The organisation's client register, as far as introductions concern it. Both may be repeated."""

    def introduce(self, fact: Fact) -> None:
        """Take a client's details from an introduction into the register."""

    def forget(self, client_ref: str) -> None:
        """Clear an introduced client, unless the organisation has a case of its own with them."""


_TAKES_AWAY = (ConsentWithdrawn, ConsentNarrowed, ConsentRefused)


class NotUnderstood(Exception):
    """Why a record is set aside. Says nothing of its content."""


class LogReplaced(Exception):
    """The shared log is not the one that was read: an older copy, perhaps. Nothing read of it can be relied on."""


class Projector:
    """Keeps one organisation's held facts at the head of the shared log."""

    def __init__(
        self, organisation: str, log: SharedLog, keyring: Keyring, verifier: Verifier, view: HeldFacts,
        today: Callable[[], date], register: Register, leads: bool = True,
    ):
        """``leads``: this projector moves the view. One that does not waits for another process's."""
        self.organisation, self.leads = organisation, leads
        self.view = view
        self._log, self._keyring, self._verifier = log, keyring, verifier
        self._today, self._register = today, register
        self._consent: OrderedDict[str, ClientConsent] = OrderedDict()
        self._blocked = {aside.client_ref for aside in view.set_aside()}
        self._remembered_to: dict[str, int] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}
        self._on_its_log: bool | None = None
        self.lock = threading.RLock()

    def consent(self, client_ref: str) -> ClientConsent:
        """The client's consent as this organisation was told, up to the projector's position."""
        with self.lock:
            known = self._consent.get(client_ref)
            if known is None:
                known = self._consent[client_ref] = ClientConsent(self.view.changes(client_ref))
                if len(self._consent) > CACHED_CLIENTS:
                    self._consent.popitem(last=False)
            return known

    def blocked(self, client_ref: str) -> bool:
        """True when a record of the client is set aside: what was told of consent may not be all."""
        return client_ref in self._blocked

    def step(self) -> int:
        """Read the next batch of each partition. Returns how many records were read, by this projector or another
        that moves the view. Raises ``AuthorityUnavailable`` and ``LogReplaced``: then nothing has moved."""
        with self.lock:
            if not self.on_its_log():
                raise LogReplaced
            if self.leads:
                self.view.wipe()
            return sum(self._step(partition) for partition in self._log.partitions())

    def on_its_log(self) -> bool:
        """Is the last record that was read where it was? Asked once: a log is replaced while nobody works on it.
        Takes no lock: the authority asks it under its own, which a projector asks for under the projector's."""
        if self._on_its_log is None:
            self._on_its_log = all(map(self._stands_where_it_was, self._log.partitions()))
        return self._on_its_log

    def _stands_where_it_was(self, partition: str) -> bool:
        last = self.view.last_read(partition)
        if last is None:
            return True
        position, record_id = last
        return [(p.position, p.record.id) for p in self._log.read(partition, position - 1, 1)] == [(position, record_id)]

    def _step(self, partition: str) -> int:
        position = self.view.position(partition)
        remembered = self._remembered_to.get(partition, 0)
        if position != remembered:
            self.begin_anew()
            self._remembered_to[partition] = position
        if not self.leads:
            return max(position - remembered, 0)
        records = self._log.read(partition, position, BATCH)
        if not records:
            return 0
        batch, consents = self._project(records, self._ask(records), set(self._blocked))
        try:
            self.view.write(batch, partition, records[-1].position, records[-1].record.id)
        except IntegrityError:  # another process has read on meanwhile: nothing was written, its rows are there
            self.begin_anew()
        else:
            self._remembered_to[partition] = records[-1].position
            self._take_in(batch, consents)
        return len(records)

    def begin_anew(self) -> None:
        """Forget what is remembered of the view: somebody else has written to it."""
        with self.lock:
            self._consent.clear()
            self._blocked = {aside.client_ref for aside in self.view.set_aside()}

    def _take_in(self, batch: Batch, consents: dict[str, ClientConsent]) -> None:
        self._consent.update(consents)
        self._blocked |= {aside.client_ref for aside in batch.set_aside}
        if any(positions for _, positions in batch.purges):
            self.view.purged()

    def _project(
        self, records: Sequence[Positioned], opened_for: Sequence[Opened], blocked: set[str]
    ) -> tuple[Batch, dict[str, ClientConsent]]:
        batch = Batch()
        consents: dict[str, ClientConsent] = {}
        facts: list[HeldRow] = []
        for positioned, opened in zip(records, opened_for, strict=True):
            client_ref = positioned.record.subject
            try:
                if client_ref in blocked:
                    raise NotUnderstood("waits behind an earlier record of the client")
                self._open(positioned, opened, consents, batch, facts)
            except Exception as error:  # whatever it is: one client's record must not stop the others
                blocked.add(client_ref)
                batch.set_aside.append(SetAside(positioned.position, client_ref, positioned.record.id, _reason(error)))
        self._keep(facts, consents, batch)
        for client_ref, consent in consents.items():
            self._purge(client_ref, consent, batch)
        return batch, consents

    def _ask(self, records: Sequence[Positioned]) -> Sequence[Opened]:
        return self._keyring.open_keys(self.organisation, [(p.record.subject, locator_of(p.record)) for p in records])

    def _open(
        self, positioned: Positioned, opened: Opened, consents: dict[str, ClientConsent], batch: Batch,
        facts: list[HeldRow],
    ) -> None:
        if opened == NOT_YOURS:
            return
        if opened == NO_SUCH:
            raise NotUnderstood("no epoch was ever opened by its locator")
        assert isinstance(opened, OpenKey)
        inside, leaf = unseal(positioned.record, opened.key)
        self._verifier.check(inside, leaf, opened.source)
        if inside.kind == CONSENT_CHANGE:
            self._change(positioned, inside.body, opened, consents, batch)
        else:
            facts.append(_row(positioned, opened, inside.body))

    # Consent changes

    def _change(
        self, positioned: Positioned, body: bytes, key: OpenKey, consents: dict[str, ClientConsent], batch: Batch
    ) -> None:
        if key.party_key is None:
            raise NotUnderstood("a consent change that is not the authority's")
        data = open_part(body, key.party_key)
        if data is None:
            raise NotUnderstood("the record holds no part for this organisation")
        fact = decode(data)
        client_ref = positioned.record.subject
        if not isinstance(fact.says, CHANGES) or fact.client_ref != client_ref:
            raise NotUnderstood("the part is not a consent change of this client")
        day = day_of(positioned.record.time)
        before = consents.get(client_ref) or self.consent(client_ref)
        if positioned.position <= before.version or any(c.ref == fact.ref for c in before.changes):
            return  # a copy of what is known: nothing given or taken back comes again by it
        try:
            after = before.plus(Change(positioned.position, day, fact.ref, fact.says))
        except UnknownGrant:
            raise NotUnderstood("the change is of a grant that this organisation was never told of") from None
        consents[client_ref] = after
        batch.changes.append((positioned.position, client_ref, day, data))
        batch.edges += [(edge, client_ref) for edge in _edges(after)]
        if isinstance(fact.says, _TAKES_AWAY) and self._received(before):
            batch.to_confirm.append(ToConfirm(positioned.position, client_ref, fact.ref, 0))

    def _received(self, consent: ClientConsent) -> bool:
        return any(s.recipient == self.organisation for s in consent.scopes)

    def _purge(self, client_ref: str, consent: ClientConsent, batch: Batch) -> int:
        """Remove what consent no longer covers, from the view and from the batch itself. Returns how many."""
        held = self.view.held(client_ref)
        gone = [r for r in held if not self.may_hold(consent, r)]
        introductions = [r for r in held if r.category == "identity"]
        if introductions and all(r in gone for r in introductions):
            self._register.forget(client_ref)
        batch.purges.append((client_ref, [r.position for r in gone]))
        batch.to_confirm = [
            t._replace(removed=len(gone)) if t.client_ref == client_ref else t for t in batch.to_confirm
        ]
        return len(gone)

    # Facts

    def _keep(self, facts: list[HeldRow], consents: dict[str, ClientConsent], batch: Batch) -> None:
        known: dict[tuple[str, str, str], Steps] = {}
        for row in facts:
            key = (row.client_ref, row.source, row.category)
            steps = known.get(key)
            if steps is None:
                steps = known[key] = self._steps(consents.get(row.client_ref) or self.consent(row.client_ref), row)
            if allows(steps, row.position, row.day, row.fact_date):
                batch.rows.append(self._without_details(row) if row.category == "identity" else row)

    def may_hold(self, consent: ClientConsent, row: HeldRow) -> bool:
        """Does consent, as it stands today, cover the fact from its record's position until now?"""
        return allows(self._steps(consent, row), row.position, row.day, row.fact_date)

    def _steps(self, consent: ClientConsent, row: HeldRow) -> Steps:
        return consent.steps(self._scope(row.source, row.category), self._today())

    def _scope(self, source: str, category: str) -> Scope:
        key = (source, category)
        scope = self._scopes.get(key)
        if scope is None:
            scope = Scope(source=source, recipient=self.organisation, category=category, purpose=PURPOSE)
            self._scopes[key] = scope
        return scope

    def _without_details(self, row: HeldRow) -> HeldRow:
        """A client's details go to the register, never into the view."""
        fact = decode(row.data)
        assert isinstance(fact.says, ClientIntroduced)
        self._register.introduce(fact)
        bare = replaced(fact.says, full_name=None, hetu=None, language=None)
        return row._replace(data=encode(replaced(fact, says=bare)))

    # Days and replays

    def pass_day(self, after: date, until: date) -> list[str]:
        """Purge what has expired since ``after``. Returns the clients whose consent changed with the day."""
        with self.lock:
            clients = self.view.clients_with_edges(after, until)
            for client_ref in clients:
                batch = Batch()
                if self._purge(client_ref, self.consent(client_ref), batch):
                    self.view.write_aside(batch)
                    self.view.purged()
            return clients

    def replay(self) -> int:
        """Try the records that were set aside again, in order. Returns how many were understood."""
        with self.lock:
            waiting = self.view.set_aside()
            records = [r for aside in waiting for r in self._log.read(self._log.partitions()[0], aside.position - 1, 1)]
            batch, consents = self._project(records, self._ask(records), set())
            self.view.write_aside(batch, waiting)
            self._blocked.clear()
            self._take_in(batch, consents)
            return len(waiting) - len(batch.set_aside)


_EXPECTED = (NotUnderstood, SealBroken, SignatureBroken, UnreadableFact, UnknownFact)


def _reason(error: Exception) -> str:
    """Why a record is set aside. Of what nobody foresaw only its kind is told: its words might repeat the content."""
    return str(error) if isinstance(error, _EXPECTED) else f"unforeseen: {type(error).__name__}"


def _row(positioned: Positioned, key: OpenKey, data: bytes) -> HeldRow:
    fact = decode(data)  # wholly, here and now: what nobody can read must not wait for a reader
    _check(fact, positioned, key)
    return HeldRow(
        positioned.position,
        fact.client_ref,
        fact.organisation,
        fact.source_seq,
        fact.category,
        fact.fact_date,
        day_of(positioned.record.time),
        data,
    )


def _check(fact: Fact, positioned: Positioned, key: OpenKey) -> None:
    """A fact may say only what its epoch is for: another category or client would slip past consent."""
    if (fact.client_ref, fact.organisation, fact.category) != (positioned.record.subject, key.source, key.category):
        raise NotUnderstood("the fact is not of the client, source and category that its epoch is for")
    if fact.says.category != fact.category:
        raise NotUnderstood("the fact is not of the category it claims")


def _edges(consent: ClientConsent) -> set[date]:
    """The days on which some grant begins, and the days after some grant's last."""
    edges = set()
    for grant in consent.grants.grants.values():
        edges.add(grant.valid_from)
        if grant.valid_until is not None and grant.valid_until < date.max:
            edges.add(grant.valid_until + timedelta(1))
    return edges

