"""The projector: from the shared log into what an organisation may hold, in batches.

For each record it asks the authority for the key ("not yours" is final), opens the seal, holds the signature
against its source, and keeps the fact only if consent has covered it from its position until now. It waits
where the authority cannot answer. A record that it does not understand is set aside in plain sight, and the
client's later records behind it; other clients go on.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Protocol

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
from events.shared_log import LogReader, Positioned, SharedLog, day_of
from events.structs import replaced
from projections.held import (
    TO_HEAR,
    TO_SEND_AGAIN,
    Batch,
    HeldFacts,
    HeldRow,
    LastRead,
    MovedMeanwhile,
    SetAside,
    ToConfirm,
    Waiting,
)

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
        today: Callable[[], date], register: Register, hears: Collection[str] = (), reader: LogReader | None = None,
    ):
        """``hears``: names of the facts that the organisation may have to react to. ``reader``: this projector moves
        the view, by the reader's partitions. One without waits for another process to move it."""
        self.organisation = organisation
        self.view = view
        self._log, self._keyring, self._verifier, self._reader = log, keyring, verifier, reader
        self._today, self._register, self._hears = today, register, frozenset(hears)
        self._consent: OrderedDict[str, ClientConsent] = OrderedDict()
        self._blocked = {aside.client_ref for aside in view.set_aside()}
        self._remembered_to: dict[str, int] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}
        self._on_its_log: bool | None = None
        self._passed: dict[str, date] = {}
        self.lock = threading.RLock()

    # What is known of a client

    def leads(self, client_ref: str) -> bool:
        """Does this projector move the view for this client? Then nobody else does."""
        return self._reader is not None and self._log.partition_of(client_ref) in self._reader.partitions()

    def consent(self, client_ref: str) -> ClientConsent:
        """The client's consent as this organisation was told, up to the view's position."""
        with self.lock:
            known = self._consent.get(client_ref)
            if known is not None and not self.leads(client_ref) and known.version != self.view.consent_version(client_ref):
                del self._consent[client_ref]
            return self._remembered(client_ref)

    def _remembered(self, client_ref: str) -> ClientConsent:
        known = self._consent.get(client_ref)
        if known is None:
            known = self._consent[client_ref] = ClientConsent(self.view.changes(client_ref))
            if len(self._consent) > CACHED_CLIENTS:
                self._consent.popitem(last=False)
        return known

    def blocked(self, client_ref: str) -> bool:
        """True when a record of the client is set aside: what was told of consent may not be all."""
        return client_ref in self._blocked if self.leads(client_ref) else self.view.is_set_aside(client_ref)

    # Reading on

    def step(self) -> int:
        """Read the next batch. Returns how many records were read; 0 for a projector that does not move the view.
        Raises ``AuthorityUnavailable``, ``LogUnavailable`` and ``LogReplaced``: then nothing has moved."""
        with self.lock:
            if not self.on_its_log():
                raise LogReplaced
            if self._reader is None:
                return 0
            self.view.wipe()
            positions = self.view.positions()
            mine = {p: positions.get(p, 0) for p in self._reader.partitions()}
            if any(position != self._remembered_to.get(p, 0) for p, position in mine.items()):
                self.begin_anew()
                self._remembered_to = dict(mine)
            return self._read_on(mine, self._reader.next(mine, BATCH))

    def _read_on(self, positions: Mapping[str, int], found: Mapping[str, Sequence[Positioned]]) -> int:
        records = list(chain.from_iterable(found.values()))
        if not records:
            return 0
        batch, consents = self._project(records, self._ask(records), set(self._blocked))
        read = [LastRead(p, positions[p], some[-1].position, some[-1].record.id) for p, some in found.items()]
        try:
            self.view.write(batch, read)
        except MovedMeanwhile:  # another process has read on: nothing was written here, its rows are there
            self.begin_anew()
            self._remembered_to.clear()
        else:
            self._remembered_to |= {r.partition: r.position for r in read}
            self._take_in(batch, consents)
        return len(records)

    def wait(self, seconds: float) -> None:
        """Until there may be something to read, at most so long."""
        if self._reader is not None:
            self._reader.wait(seconds)

    def on_its_log(self) -> bool:
        """Is the last record that was read where it was? Asked once: a log is replaced while nobody works on it.
        Takes no lock: the authority asks it under its own, which a projector asks for under the projector's.
        Raises ``LogUnavailable``."""
        if self._on_its_log is None:
            self._on_its_log = all(self._stands_where_it_was(*last) for last in self.view.last_read())
        return self._on_its_log

    def _stands_where_it_was(self, partition: str, position: int, record_id: str) -> bool:
        return [(p.position, p.record.id) for p in self._log.read(partition, position - 1, 1)] == [(position, record_id)]

    def begin_anew(self) -> None:
        """Forget what is remembered of the view: somebody else has written to it."""
        with self.lock:
            self._consent.clear()
            self._passed.clear()
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
        facts: list[tuple[HeldRow, str]] = []
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
        facts: list[tuple[HeldRow, str]],
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
        before = consents.get(client_ref) or self._remembered(client_ref)
        if positioned.position <= before.version or any(c.ref == fact.ref for c in before.changes):
            return  # a copy of what is known: nothing given or taken back comes again by it
        try:
            after = before.plus(Change(positioned.position, day, fact.ref, fact.says))
        except UnknownGrant:
            raise NotUnderstood("the change is of a grant that this organisation was never told of") from None
        consents[client_ref] = after
        batch.changes.append((positioned.position, client_ref, day, data))
        batch.waiting.append(Waiting(TO_SEND_AGAIN, positioned.position, client_ref))
        batch.edges += [(edge, client_ref) for edge in _edges(after)]
        if isinstance(fact.says, _TAKES_AWAY) and self._received(before):
            batch.to_confirm.append(ToConfirm(positioned.position, client_ref, fact.ref, 0))
            batch.waiting.append(Waiting(TO_HEAR, positioned.position, client_ref))

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

    def _keep(self, facts: list[tuple[HeldRow, str]], consents: dict[str, ClientConsent], batch: Batch) -> None:
        known: dict[tuple[str, str, str], Steps] = {}
        for row, name in facts:
            key = (row.client_ref, row.source, row.category)
            steps = known.get(key)
            if steps is None:
                steps = known[key] = self._steps(consents.get(row.client_ref) or self._remembered(row.client_ref), row)
            if allows(steps, row.position, row.day, row.fact_date):
                batch.rows.append(self._without_details(row) if row.category == "identity" else row)
                if name in self._hears:
                    batch.waiting.append(Waiting(TO_HEAR, row.position, row.client_ref))

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

    def pass_day(self) -> list[str]:
        """Once a day, when all there was is read: purge what has expired. Returns the clients whose consent changes
        with the day; call ``day_passed`` when they are taken care of. Nobody's expiry is missed or judged too early:
        a change from before midnight has been read by now."""
        with self.lock:
            before = self._not_passed()
            if not before:
                return []
            edges = self.view.clients_with_edges(min(before.values()), self._today())
            clients = [c for c in edges if self._log.partition_of(c) in before]
            for client_ref in clients:
                batch = Batch()
                if self._purge(client_ref, self._remembered(client_ref), batch):
                    self.view.write_aside(batch)
                    self.view.purged()
            return clients

    def day_passed(self) -> None:
        """Today's ``pass_day`` is taken care of."""
        with self.lock:
            if partitions := self._not_passed():
                self.view.pass_day(self._today(), partitions)
                self._passed |= dict.fromkeys(partitions, self._today())

    def _not_passed(self) -> dict[str, date]:
        """Of this projector's partitions those that today has not come to, each with the last day that has."""
        partitions = () if self._reader is None else self._reader.partitions()
        if any(self._passed.get(p, date.min) < self._today() for p in partitions):
            self._passed = self.view.days_passed()
        known = {p: self._passed.get(p, date.min) for p in partitions}
        return {p: day for p, day in known.items() if day < self._today()}

    def replay(self) -> int:
        """Try the records that were set aside again, in order. Returns how many were understood. What they bring
        waits to be reacted to, though others' records have gone past them."""
        with self.lock:
            waiting = [a for a in self.view.set_aside() if self.leads(a.client_ref)]
            records = [r for a in waiting for r in self._log.read(self._log.partition_at(a.position), a.position - 1, 1)]
            batch, consents = self._project(records, self._ask(records), set())
            self.view.write_aside(batch, waiting)
            self._blocked.clear()
            self._take_in(batch, consents)
            return len(waiting) - len(batch.set_aside)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


_EXPECTED = (NotUnderstood, SealBroken, SignatureBroken, UnreadableFact, UnknownFact)


def _reason(error: Exception) -> str:
    """Why a record is set aside. Of what nobody foresaw only its kind is told: its words might repeat the content."""
    return str(error) if isinstance(error, _EXPECTED) else f"unforeseen: {type(error).__name__}"


def _row(positioned: Positioned, key: OpenKey, data: bytes) -> tuple[HeldRow, str]:
    """The row, and the name of the fact."""
    fact = decode(data)  # wholly, here and now: what nobody can read must not wait for a reader
    _check(fact, positioned, key)
    dates = fact.fact_date, day_of(positioned.record.time)
    place = positioned.position, fact.client_ref, fact.organisation, fact.source_seq, fact.category
    return HeldRow(*place, *dates, data), fact.name


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

