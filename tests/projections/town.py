"""The Orimattila installation on a data directory of the test's own, with two made-up clients.

    town = Town(tmp_path)
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, ActivityStarted(days_per_week=3, place="Paja"))
    town.held(EMPLOYMENT)                                   # ["ActivityStarted"]
    town.forge(SOCIAL, EMPLOYMENT, "activity", body=b"...")  # a record that only the source could have made
"""

import itertools
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.keys import Wanted
from consent.sealing import FACT, Envelope, Signer
from events.codec import decode, encode
from events.consent import Scope
from events.envelope import Fact, Says
from events.shared_log import Record, microseconds
from projections.service_path.rows import ServicePath
from services.client.authority.commands import GiveConsent, ScopeLine
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor, At, Draft
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.decide import stamped
from services.kit.organisation import Organisation

SOCIAL, WORKSHOP, EMPLOYMENT = "orimattila-social", "orimattila-workshop", "orimattila-employment"
FIRST, SECOND, HOME = "esimerkkivalmennus", "toinen-valmennus", "oma-polku"
ROLE = {
    SOCIAL: "own_social_worker",
    WORKSHOP: "activity_supervisor",
    EMPLOYMENT: "employment_coach",
    FIRST: "job_coach",
    SECOND: "job_coach",
    HOME: "client",
}
NAME, HETU, OTHER_HETU = "Testi Salonen-Esimerkki", "010170-999R", "010180-9004"


class Town:
    """A platform in one process. ``client`` and ``other`` are known to social services and to the client's own place."""

    def __init__(self, data: Path, today: str = "2022-03-01"):
        self.data = data
        self._ids = itertools.count(1)
        self.clock = StoryClock(data / "clock.json")
        self.platform = Platform(data, load(Path("deploy/organisations.toml")), self.clock)
        self.on(today)
        self.client = self.register(SOCIAL, NAME, HETU)
        self.other = self.register(SOCIAL, "Toinen Testinen", OTHER_HETU)
        for hetu in (HETU, OTHER_HETU):
            self.register(HOME, NAME, hetu)

    def on(self, day: str) -> None:
        self.clock.move(date.fromisoformat(day), next(self._ids))

    def new_id(self) -> str:
        return f"{next(self._ids):032x}"

    def __getitem__(self, organisation: str) -> Organisation:
        return self.platform.organisations[organisation]

    def actor(self, organisation: str) -> Actor:
        return Actor("testi", "Testi Työntekijä", ROLE[organisation], organisation)

    def register(self, organisation: str, name: str, hetu: str) -> str:
        return self[organisation].register_client(self.actor(organisation), name, hetu)

    def does(self, organisation: str, command: Any, client: str | None = None) -> tuple[Fact, ...]:
        return self[organisation].execute(client or self.client, command, self.actor(organisation), self.new_id())

    def says(self, organisation: str, says: Says, client: str | None = None, settle: bool = True) -> Fact:
        """A fact in the organisation's file, of today."""
        (fact,) = self[organisation].write(client or self.client, says, self.actor(organisation), self.new_id())
        if settle:
            self.platform.settle()
        return fact

    def consents(self, source: str, recipient: str, *categories: str, client: str | None = None, **more: Any) -> str:
        """The client consents. Returns the grant."""
        line = ScopeLine(source=[source], recipient=[recipient], categories=list(categories))
        (fact,) = self.does(HOME, GiveConsent(scopes=[line], **more), client)
        self.platform.settle()
        return fact.fact_id

    def path(self, organisation: str, client: str | None = None, on: str | None = None) -> ServicePath:
        day = date.fromisoformat(on) if on else None
        return self[organisation].path(client or self.client, self.actor(organisation), day)

    def held(self, organisation: str, client: str | None = None) -> list[str]:
        """Names of others' facts that the organisation holds."""
        return [decode(r.data).name for r in self[organisation].projector.view.held(client or self.client)]

    def own(self, organisation: str, client: str | None = None) -> list[str]:
        return [f.name for f in self[organisation].own_facts(client or self.client)]

    def aside(self, organisation: str) -> list[tuple[str, str]]:
        """(client, reason) of the records set aside."""
        return [(a.client_ref, a.reason) for a in self[organisation].projector.view.set_aside()]

    # What only a source itself could do

    def fact(self, source: str, says: Says, **more: Any) -> Fact:
        """A fact of the source that is not in its file."""
        file = self[source].store.file(more.get("client_ref", self.client))
        at = At(self.clock.now(), self.actor(source))
        (fact,) = stamped(file, [Draft(says, self.clock.now().date())], at, self.new_id(), self.new_id)
        plain = {f: getattr(fact, f) for f in fact.__struct_fields__}
        return Fact(**(plain | {"source_seq": 1000 + next(self._ids)} | more))

    def forge(
        self, source: str, recipient: str, category: str, body: bytes, kind: int = FACT, client: str | None = None,
        signer: Signer | None = None, change: Callable[[Record], Record] = lambda r: r,
    ) -> None:
        """Put a record on the log under a true key of the source's epoch for the recipient."""
        client = client or self.client
        scope = Scope(source=source, recipient=recipient, category=category)
        since = self.platform.authority.consent(client).since(scope, self.clock.now().date())
        assert since is not None
        wanted = Wanted(client, category, recipient, ((recipient, since),))
        (key,) = self.platform.authority.seal_keys(source, [wanted])
        envelope = Envelope(os.urandom(16).hex(), client, microseconds(self.clock.now()), key.locator, kind, body)
        (record,) = (signer or self.signer(source)).seal([envelope], [key.key])
        self.platform.log.append([change(record)])

    def signer(self, source: str, key_of: str | None = None) -> Signer:
        key: Ed25519PrivateKey = self.platform._composer.signing_key(key_of or source)
        return Signer(source, key)

    def bytes_of(self, source: str, says: Says, **more: Any) -> bytes:
        return encode(self.fact(source, says, **more))
