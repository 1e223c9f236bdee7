"""The one place that composes: an installation's organisations in one process, wherever they keep what is theirs."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent.disclosed import DisclosureRow, disclosures_view
from consent.keys import derive
from consent.overview import ConsentView, consents_view
from consent.receipts import Receipt, receipt
from consent.sealing import SignatureBroken, Signer, Verifier
from events.codec import decode
from events.consent import CATEGORY as CONSENT
from events.consent import ClientRefAsked, Scope, StatutoryGroundNoted
from events.envelope import Fact
from services.client.authority.domain import feature as authority_feature
from services.client.authority.keyring import Authority
from services.client.authority.store import TABLES as AUTHORITY_TABLES
from services.client.authority.store import AuthorityStore
from services.kit.client_file import Actor
from services.kit.clock import Clock
from services.kit.config import ConfigurationError, Installation, OrganisationConfig, StatutoryConfig
from services.kit.decide import Features
from services.kit.embedded import Embedded
from services.kit.errors import Unknown
from services.kit.feature import Feature
from services.kit.organisation import Organisation
from services.kit.places import Places
from services.kit.register import ClientRegister
from services.kit.store import OrganisationStore

TOLD_TO_THE_CLIENT = "Act 703/2023 § 11: the client is told of consents and disclosures"
ALWAYS_FROM = date(2000, 1, 1)
SYSTEM = "system"


class Keys:
    """The organisations' public keys."""

    def __init__(self, public: Mapping[str, Ed25519PublicKey]):
        self._public = public

    def public_key(self, organisation: str) -> Ed25519PublicKey:
        try:
            return self._public[organisation]
        except KeyError:
            raise SignatureBroken("the source is not a known organisation") from None


class Platform:
    """All organisations of an installation in one process."""

    def __init__(
        self, data: Path, installation: Installation, clock: Clock, beside_another: bool = False,
        places: Places | None = None,
    ):
        """``places``: in ``data``, if left out. ``beside_another``: a running process keeps the views at the head; this
        one only asks."""
        self.data, self.installation, self.clock = data, installation, clock
        self.beside_another, self.places = beside_another, places or Embedded(data)
        self.wake = threading.Event()
        """Set it when there is something to do: whoever pumps begins at once."""
        self.names = {o.id: o.name for o in installation.organisation}
        self.log = self.places.log()
        self._secrets = {o.id: self.places.of(o.id).secret("store") for o in installation.organisation}
        signing = {o: Ed25519PrivateKey.from_private_bytes(derive(s, "signing")) for o, s in self._secrets.items()}
        self._signing = signing
        self.verifier = Verifier(Keys({o: k.public_key() for o, k in signing.items()}))
        home = installation.client_organisation.id
        of_authority = self.places.of(home).secret("authority")
        stores = {o.id: self.places.of(o.id).store() for o in installation.organisation}
        self._authority_store = AuthorityStore(self.places.of(home).authority(AUTHORITY_TABLES))
        self.authority = Authority(
            home, self._authority_store, stores[home], self.log, Signer(home, signing[home]), of_authority, clock.now,
            _grounds(installation), alone=self.places.alone and not beside_another,
        )
        self.authority.write_ground = self._write_ground
        if not beside_another:
            for organisation in installation.organisation:
                self.places.of(organisation.id).tidy()
        self.organisations = {o.id: self._organisation(o, stores[o.id]) for o in installation.organisation}
        self.authority.log_is_whole = self.home.projector.on_its_log
        if not beside_another and self.home.projector.on_its_log():
            self._recover(stores[home])

    def _organisation(self, config: OrganisationConfig, store: OrganisationStore) -> Organisation:
        is_home = config.kind == "client"
        return Organisation(
            config=config,
            store=store,
            view=self.places.of(config.id).view(),
            log=self.log,
            keyring=self.authority,
            signer=Signer(config.id, self._signing[config.id]),
            verifier=self.verifier,
            register=ClientRegister(store, self._secrets[config.id]),
            features=Features(features(config, self.installation)),
            now=self.clock.now,
            ask_client_ref=self._ask_client_ref,
            statutory=_statutory_scopes(self.installation, config.id),
            names=self.names,
            acknowledge=self.authority.publish_changes if is_home else lambda _: None,
            also_here=self.authority.knows if is_home else lambda _: False,
            apart=self.installation.apart,
            beside_another=self.beside_another,
            marking_key=derive(self._secrets[config.id], "marks"),
        )

    @property
    def home(self) -> Organisation:
        """The client's own place: the authority and my path."""
        return self.organisations[self.installation.client_organisation.id]

    def _ask_client_ref(self, hetu: str, organisation: str, person: str) -> str:
        client_ref = self.authority.client_ref(hetu)
        asked = ClientRefAsked(organisation=organisation, asked_at=self.clock.now())
        actor = Actor(person, self.names[organisation], SYSTEM, organisation)
        self.home.write(client_ref, asked, actor, f"asked:{organisation}:{os.urandom(8).hex()}")
        return client_ref

    def _write_ground(self, client_ref: str, ground: StatutoryGroundNoted) -> None:
        (scope, *_) = ground.scopes
        actor = Actor(SYSTEM, self.home.config.name, SYSTEM, self.home.id)
        self.home.write(client_ref, ground, actor, f"ground:{scope.source}:{scope.recipient}:{ground.legal_ground}")

    def _recover(self, store: OrganisationStore) -> None:
        """A consent change that was written but not yet on the log when a process ended goes there first of all."""
        for client_ref in store.unpublished_clients():
            self.authority.publish_changes(client_ref)

    # What the client is told of themself

    def consents(self, client_ref: str) -> list[ConsentView]:
        """Every grant and refusal of the client, and how far what was taken away has come."""
        return consents_view(self.home.own_facts(client_ref), self._told(client_ref), self.home.today())

    def disclosures(self, client_ref: str) -> list[DisclosureRow]:
        """Who has asked for the client's data, refused attempts too."""
        return disclosures_view(self.home.own_facts(client_ref), self._told(client_ref))

    def receipt(self, client_ref: str, grant: str) -> Receipt:
        """The receipt of a consent that the client gave. Raises ``Unknown``."""
        found = receipt(grant, self.home.own_facts(client_ref), self.names)
        if found is None:
            raise Unknown("unknown_reference", "grant")
        return found

    def _told(self, client_ref: str) -> list[Fact]:
        """What others have told the client of consents and disclosures, on the ground that every organisation has."""
        projector = self.home.projector
        consent = projector.consent(client_ref)
        rows = (r for r in projector.view.held(client_ref) if r.category == CONSENT)
        return [decode(r.data) for r in rows if projector.may_hold(consent, r)]

    # Running

    def pump(self) -> int:
        """One round of every organisation. Returns how much there was to do."""
        return sum(organisation.pump() for organisation in self.organisations.values())

    def settle(self) -> None:
        """Pump until nothing is left to do: publishers, reactions and projectors at the head, expiries purged."""
        while self.pump():
            pass

    def rebuild(self, organisation: Organisation) -> Iterator[tuple[int, int]]:
        """Build a view anew beside the running one, then switch. Yields (read so far, head) as it goes."""
        place = self.places.of(organisation.id)
        projector = organisation.projector_on(place.new_view(), self.log.reader())
        while projector.step():
            positions = projector.view.positions()
            yield sum(positions.values()), sum(map(self.log.head, self.log.partitions()))
        with organisation.projector.lock:
            while projector.step():
                pass
            projector.pass_day()
            projector.day_passed()
            projector.close()
            organisation.adopt(projector.view, place.switch)

    def close(self) -> None:
        for organisation in self.organisations.values():
            organisation.close()
        self._authority_store.close()
        self.log.close()


def features(config: OrganisationConfig, installation: Installation) -> Iterable[Feature]:
    """The features switched on: those of the kind and, but for the client's own place, the common case part."""
    own: tuple[Feature, ...] = import_module(f"services.{config.kind}").FEATURES
    if config.kind == "client":
        common: tuple[Feature, ...] = (authority_feature(installation.ids),)
    else:
        common = import_module("services.case").FEATURES
    wanted = config.features
    unknown = set(wanted or ()) - {f.name for f in own}
    if unknown:
        raise ConfigurationError(f"{config.id}: its kind has no feature {', '.join(sorted(unknown))}")
    return (*common, *(f for f in own if wanted is None or f.name in wanted))


def _grounds(installation: Installation) -> dict[str, tuple[StatutoryGroundNoted, ...]]:
    return {
        o.id: tuple(_ground(g) for g in _statutory(installation) if g.source == o.id) for o in installation.organisation
    }


def _statutory(installation: Installation) -> tuple[StatutoryConfig, ...]:
    """The configured grounds, and the one that every organisation has: the client is told of disclosures."""
    home = installation.client_organisation.id
    told = tuple(
        StatutoryConfig(
            source=o.id, recipient=home, categories=("consent",), legal_ground=TOLD_TO_THE_CLIENT, valid_from=ALWAYS_FROM
        )
        for o in installation.organisation
        if o.id != home
    )
    return (*told, *installation.statutory)


def _ground(config: StatutoryConfig) -> StatutoryGroundNoted:
    return StatutoryGroundNoted(
        legal_ground=config.legal_ground,
        scopes=_scopes(config),
        valid_from=config.valid_from,
        valid_until=config.valid_until,
    )


def _scopes(config: StatutoryConfig) -> tuple[Scope, ...]:
    return tuple(Scope(source=config.source, recipient=config.recipient, category=c) for c in config.categories)


def _statutory_scopes(installation: Installation, source: str) -> list[Scope]:
    return [s for g in _statutory(installation) if g.source == source for s in _scopes(g)]
