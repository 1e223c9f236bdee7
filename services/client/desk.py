"""The client's own place, for the organisations that ask there and for the client (``services.kit.desk``)."""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime

from consent.disclosed import DisclosureRow, disclosures_view
from consent.overview import ConsentView, consents_view
from consent.receipts import Receipt, receipt
from events.codec import decode
from events.consent import CATEGORY as CONSENT
from events.consent import ClientRefAsked, StatutoryGroundNoted
from events.envelope import Fact
from services.client.authority.keyring import Authority
from services.kit.client_file import SYSTEM, Actor
from services.kit.clock import Clock
from services.kit.command import Command
from services.kit.config import CONSENT_CLERK
from services.kit.errors import Unknown
from services.kit.organisation import Organisation


class HomeDesk:
    """``services.kit.desk.Desk`` and ``ClientsOwn``, in the process that is the authority."""

    def __init__(self, home: Organisation, authority: Authority, names: Mapping[str, str], clock: Clock):
        self._home, self._authority, self._names, self._clock = home, authority, names, clock
        of_clerks = {n: c for n, c in home.features.commands.items() if CONSENT_CLERK in c.roles}
        self.commands: Mapping[str, type[Command]] = of_clerks
        authority.write_ground = self._write_ground

    @property
    def organisations(self) -> Iterable[str]:
        return self._names

    def now(self) -> datetime:
        return self._clock.now()

    # What organisations ask

    def client_ref(self, hetu: str, organisation: str, person: str) -> str:
        client_ref = self._authority.client_ref(hetu)
        asked = ClientRefAsked(organisation=organisation, asked_at=self._clock.now())
        actor = Actor(person, self._names[organisation], SYSTEM, organisation)
        self._home.write(client_ref, asked, actor, f"asked:{organisation}:{os.urandom(8).hex()}")
        return client_ref

    def concerns(self, client_ref: str, organisation: str) -> bool:
        """Has the organisation asked for this client, or does it give or receive something of theirs?"""
        if not self.knows(client_ref):  # made-up references are not looked up further
            return False
        if any(organisation in (s.source, s.recipient) for s in self._authority.consent(client_ref).scopes):
            return True
        facts = self._home.own_facts(client_ref)
        return any(isinstance(f.says, ClientRefAsked) and f.says.organisation == organisation for f in facts)

    def record(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        return self._home.execute(client_ref, command, actor, command_id)

    def recorded(self, client_ref: str, command_id: str) -> tuple[Fact, ...]:
        return self._home.facts_of(client_ref, command_id)

    def _write_ground(self, client_ref: str, ground: StatutoryGroundNoted) -> None:
        (scope, *_) = ground.scopes
        actor = Actor(SYSTEM, self._home.config.name, SYSTEM, self._home.id)
        self._home.write(client_ref, ground, actor, f"ground:{scope.source}:{scope.recipient}:{ground.legal_ground}")

    def recover(self) -> None:
        """A consent change that was written but not yet on the log when a process ended goes there first of all."""
        for client_ref in self._home.store.unpublished_clients():
            self._authority.publish_changes(client_ref)

    # What the client is told

    def knows(self, client_ref: str) -> bool:
        return self._authority.knows(client_ref)

    def consents(self, client_ref: str) -> list[ConsentView]:
        return consents_view(self._home.own_facts(client_ref), self._told(client_ref), self._home.today())

    def disclosures(self, client_ref: str) -> list[DisclosureRow]:
        return disclosures_view(self._home.own_facts(client_ref), self._told(client_ref))

    def receipt(self, client_ref: str, grant: str) -> Receipt:
        found = receipt(grant, self._home.own_facts(client_ref), self._names)
        if found is None:
            raise Unknown("unknown_reference", "grant")
        return found

    def _told(self, client_ref: str) -> list[Fact]:
        """What others have told the client of consents and disclosures, on the ground that every organisation has."""
        projector = self._home.projector
        consent = projector.consent(client_ref)
        rows = (r for r in projector.view.held(client_ref) if r.category == CONSENT)
        return [decode(r.data) for r in rows if projector.may_hold(consent, r)]
