"""What an organisation takes in of the shared log: from records and their keys to what a batch changes in its view.

A seal is opened, the signature held against its source, and a fact kept only if consent has covered it from its
position until now. A record that is not understood is set aside in plain sight, and the client's later records behind it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Protocol

from eventsourcing.persistence import InterfaceError, OperationalError

from consent.domain import CHANGES, Change, UnknownGrant
from consent.keys import NO_SUCH, NOT_YOURS, Opened, OpenKey
from consent.policy import ClientConsent, Steps, allows
from consent.release import PURPOSE
from consent.sealing import CONSENT_CHANGE, SealBroken, SignatureBroken, Verifier, open_part, unseal
from events.catalogue import UnknownFact
from events.codec import UnreadableFact, decode, encode
from events.consent import ConsentNarrowed, ConsentRefused, ConsentWithdrawn, Scope
from events.envelope import Fact
from events.identity import ClientIntroduced
from events.shared_log import Positioned, day_of
from events.structs import replaced
from projections.held import TO_HEAR, TO_SEND_AGAIN, WAITS_BEHIND, Batch, HeldRow, SetAside, ToConfirm, Waiting


class Register(Protocol):
    """The organisation's client register, as far as introductions concern it. Everything may be repeated."""

    def introduce(self, fact: Fact) -> None:
        """Take a client's details from an introduction into the register."""

    def forget(self, client_ref: str) -> None:
        """Clear an introduced client, unless the organisation has a case of its own with them."""

    def introduced(self) -> Iterable[str]:
        """The clients that it has by an introduction."""


class Beside:
    """The register, for a view that is made beside the running one: whom that one shows is not cleared meanwhile."""

    def __init__(self, register: Register | None):
        """``None``: nobody is taken in either."""
        self._register = register

    def introduce(self, fact: Fact) -> None:
        if self._register is not None:
            self._register.introduce(fact)

    def forget(self, client_ref: str) -> None:
        pass

    def introduced(self) -> Iterable[str]:
        return ()


MaySay = Callable[[str, Fact], bool]

_TAKES_AWAY = (ConsentWithdrawn, ConsentNarrowed, ConsentRefused)

NOBODYS = "no epoch was ever opened by its locator"
"""Why a record is set aside that nobody of the installation has made."""


class NotUnderstood(Exception):
    """Why a record is set aside. Says nothing of its content."""


class Intake:
    """One organisation's."""

    def __init__(
        self, organisation: str, verifier: Verifier, register: Register, hears: Collection[str],
        today: Callable[[], date], consent_of: Callable[[str], ClientConsent], held_of: Callable[[str], list[HeldRow]],
        dismissed: Callable[[int], bool], may_say: MaySay,
    ):
        """``consent_of`` and ``held_of`` a client: as they stand in the view. ``dismissed``: has somebody decided that
        nothing waits for the record at this position, if it is not understood? ``may_say``: is this a fact that its
        source can say at all?"""
        self.organisation = organisation
        self._verifier, self.register, self._hears, self._today = verifier, register, frozenset(hears), today
        self._consent_of, self._held_of, self._dismissed, self._may_say = consent_of, held_of, dismissed, may_say
        self._scopes: dict[tuple[str, str], Scope] = {}

    def project(
        self, records: Sequence[Positioned], opened_for: Sequence[Opened], blocked: set[str]
    ) -> tuple[Batch, dict[str, ClientConsent]]:
        """What the records change, and the consent of the clients whose consent they change. ``opened_for``: the
        authority's answer for each. ``blocked``: clients with a record set aside; grows.

        Raises ``OperationalError`` and ``InterfaceError`` while the database is away: that is no record's fault."""
        batch = Batch()
        consents: dict[str, ClientConsent] = {}
        facts: list[tuple[HeldRow, str]] = []
        for positioned, opened in zip(records, opened_for, strict=True):
            client_ref = positioned.record.subject
            try:
                if client_ref in blocked:
                    raise NotUnderstood(WAITS_BEHIND)
                self._open(positioned, opened, consents, batch, facts)
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # whatever it is: one client's record must not stop the others
                if client_ref not in blocked and self._dismissed(positioned.position):
                    continue
                blocked.add(client_ref)
                batch.set_aside.append(SetAside(positioned.position, client_ref, positioned.record.id, _reason(error)))
        self._keep(facts, consents, batch)
        for client_ref, consent in consents.items():
            if self._consent_of(client_ref).changes:  # of a client of whom nothing was told nothing is held
                self.purge(client_ref, consent, batch)
        return batch, consents

    def _open(
        self, positioned: Positioned, opened: Opened, consents: dict[str, ClientConsent], batch: Batch,
        facts: list[tuple[HeldRow, str]],
    ) -> None:
        if opened == NOT_YOURS:
            return
        if opened == NO_SUCH:
            raise NotUnderstood(NOBODYS)
        assert isinstance(opened, OpenKey)
        inside, leaf = unseal(positioned.record, opened.key)
        self._verifier.check(inside, leaf, opened.source)
        if inside.kind == CONSENT_CHANGE:
            self._change(positioned, inside.body, opened, consents, batch)
        else:
            facts.append(self._row(positioned, opened, inside.body))

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
        before = consents.get(client_ref) or self._consent_of(client_ref)
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

    def purge(self, client_ref: str, consent: ClientConsent, batch: Batch) -> int:
        """Remove what consent no longer covers, from the view and from the batch itself. Returns how many."""
        held = self._held_of(client_ref)
        gone = [r for r in held if not self.may_hold(consent, r)]
        introductions = [r for r in held if r.category == "identity"]
        if introductions and all(r in gone for r in introductions):
            self.register.forget(client_ref)
        batch.purges.append((client_ref, [r.position for r in gone]))
        batch.to_confirm = [
            t._replace(removed=len(gone)) if t.client_ref == client_ref else t for t in batch.to_confirm
        ]
        return len(gone)

    # Facts

    def _row(self, positioned: Positioned, key: OpenKey, data: bytes) -> tuple[HeldRow, str]:
        """The row, and the name of the fact."""
        fact = decode(data)  # wholly, here and now: what nobody can read must not wait for a reader
        _check(fact, positioned, key)
        if not self._may_say(key.source, fact):
            raise NotUnderstood("the source is none that can say this")
        dates = fact.fact_date, day_of(positioned.record.time)
        place = positioned.position, fact.client_ref, fact.organisation, fact.source_seq, fact.category
        return HeldRow(*place, *dates, data), fact.name

    def _keep(self, facts: list[tuple[HeldRow, str]], consents: dict[str, ClientConsent], batch: Batch) -> None:
        known: dict[tuple[str, str, str], Steps] = {}
        for row, name in facts:
            key = (row.client_ref, row.source, row.category)
            steps = known.get(key)
            if steps is None:
                steps = known[key] = self._steps(consents.get(row.client_ref) or self._consent_of(row.client_ref), row)
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
        if fact.says.to == self.organisation:
            self.register.introduce(fact)
        bare = replaced(fact.says, full_name=None, hetu=None, language=None)
        return row._replace(data=encode(replaced(fact, says=bare)))


_EXPECTED = (NotUnderstood, SealBroken, SignatureBroken, UnreadableFact, UnknownFact)


def _reason(error: Exception) -> str:
    """Why a record is set aside. Of what nobody foresaw only its kind is told: its words might repeat the content."""
    return str(error) if isinstance(error, _EXPECTED) else f"unforeseen: {type(error).__name__}"


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

