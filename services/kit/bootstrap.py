"""The one place that composes: organisations, from what is their own (``places``) and what is around them."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent.keys import Keyring, derive
from consent.sealing import SignatureBroken, Signer, Verifier
from events.consent import PathOpened, PathRefused, WithdrawalApplied
from events.envelope import Fact, Says
from events.shared_log import LogReader, SharedLog
from projections.intake import Beside
from services.client.authority.domain import feature as authority_feature
from services.client.authority.keyring import Authority
from services.client.authority.store import TABLES as AUTHORITY_TABLES
from services.client.authority.store import AuthorityStore
from services.client.desk import HomeDesk
from services.kit.clock import Clock
from services.kit.config import ConfigurationError, Installation, OrganisationConfig
from services.kit.decide import Features
from services.kit.embedded import Embedded
from services.kit.feature import Feature
from services.kit.grounds import grounds, statutory_scopes
from services.kit.organisation import AskClientRef, Organisation
from services.kit.places import Places
from services.kit.register import ClientRegister
from services.kit.store import OrganisationStore

CLIENT = "client"
"""The kind of the client's own place, and the role in which the client acts there."""

EVERYBODYS: frozenset[type[Says]] = frozenset((PathOpened, PathRefused, WithdrawalApplied))
"""What the platform itself says for any organisation."""

PublicKeys = Mapping[str, Sequence[Ed25519PublicKey]]
"""Each organisation's; several while it changes from one to the next."""


class Keys:
    """The organisations' public keys (``consent.sealing.Directory``)."""

    def __init__(self, public: PublicKeys):
        self._public = public

    def public_keys(self, organisation: str) -> Sequence[Ed25519PublicKey]:
        try:
            return self._public[organisation]
        except KeyError:
            raise SignatureBroken("the source is not a known organisation") from None


class Sayings:
    """Who may say what: a source only what a feature of its kind says, and only the client's own place for the client."""

    def __init__(self, installation: Installation):
        self._kinds = {o.id: o.kind for o in installation.organisation}
        kinds = set(self._kinds.values())
        self._says = {k: EVERYBODYS | {s for f in _of_kind(k, installation) for s in f.says} for k in kinds}

    def may(self, source: str, fact: Fact) -> bool:
        kind = self._kinds.get(source)
        if kind is None or (fact.role == CLIENT and kind != CLIENT):
            return False
        return type(fact.says) in self._says[kind]


class Composer:
    """Puts organisations together. What all of them share is here."""

    def __init__(self, installation: Installation, clock: Clock, places: Places, trace_on_log: bool = True):
        self._trace_on_log = trace_on_log
        self.installation, self.clock, self.places = installation, clock, places
        self.names = {o.id: o.name for o in installation.organisation}
        self.sayings = Sayings(installation)
        self.log: SharedLog = places.log()

    def signing_key(self, organisation: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.places.of(organisation).signing_key())

    def store(self, organisation: str) -> OrganisationStore:
        return self.places.of(organisation).store()

    def authority(self, files: OrganisationStore, alone: bool) -> tuple[Authority, AuthorityStore]:
        """``files`` are those of the client's own place."""
        place, home = self.places.of(files.organisation), files.organisation
        master_key = place.secret("authority")  # before the store: it is never made beside one
        store = AuthorityStore(place.authority(AUTHORITY_TABLES))
        authority = Authority(
            home, store, files, self.log, Signer(home, self.signing_key(home)), master_key,
            self.clock.now, grounds(self.installation), alone,
        )
        return authority, store

    def organisation(
        self, config: OrganisationConfig, store: OrganisationStore, keyring: Keyring, verifier: Verifier,
        reader: LogReader | None, ask_client_ref: AskClientRef,
    ) -> Organisation:
        """``reader``: see ``projections.run.Projector``. For the client's own place ``keyring`` is its authority."""
        secret = self.places.of(config.id).secret("store")
        home = keyring if isinstance(keyring, Authority) and config.kind == "client" else None
        return Organisation(
            config=config,
            store=store,
            view=self.places.of(config.id).view(),
            log=self.log,
            keyring=keyring,
            signer=Signer(config.id, self.signing_key(config.id)),
            verifier=verifier,
            register=ClientRegister(store, secret),
            features=Features(features(config, self.installation)),
            now=self.clock.now,
            ask_client_ref=ask_client_ref,
            statutory=statutory_scopes(self.installation, config.id),
            names=self.names,
            acknowledge=home.publish_changes if home else lambda _: None,
            also_here=home.knows if home else lambda _: False,
            apart=self.installation.apart,
            may_say=self.sayings.may,
            reader=reader,
            marking_key=derive(secret, "marks"),
            trace_on_log=self._trace_on_log,
        )


class Platform:
    """All organisations of an installation in one process."""

    def __init__(
        self, data: Path, installation: Installation, clock: Clock, beside_another: bool = False,
        places: Places | None = None, trace_on_log: bool = True,
    ):
        """``places``: in ``data``, if left out. ``beside_another``: a running process keeps the views at the head; this
        one only asks. ``trace_on_log``: see ``Organisation``."""
        self.data, self.installation, self.clock = data, installation, clock
        self.beside_another, self.places = beside_another, places or Embedded(data)
        self.wake = threading.Event()
        """Set it when there is something to do: whoever pumps begins at once."""
        self._composer = composer = Composer(installation, clock, self.places, trace_on_log)
        self.names, self.log = composer.names, composer.log
        ids, home = [o.id for o in installation.organisation], installation.client_organisation.id
        self.verifier = Verifier(Keys({o: [composer.signing_key(o).public_key()] for o in ids}))
        stores = {o: composer.store(o) for o in ids}
        alone = self.places.alone and not beside_another
        self.authority, self._authority_store = composer.authority(stores[home], alone)
        if not beside_another:
            for organisation in ids:
                self.places.of(organisation).tidy()
        self.organisations = {o.id: self._organisation(o, stores[o.id]) for o in installation.organisation}
        self.desk = HomeDesk(self.home, self.authority, self.names, clock)
        self.authority.log_is_whole = self.home.projector.on_its_log
        if not beside_another and self.home.projector.on_its_log():
            self.desk.recover()

    def _organisation(self, config: OrganisationConfig, store: OrganisationStore) -> Organisation:
        reader = None if self.beside_another else self.log.reader()
        return self._composer.organisation(config, store, self.authority, self.verifier, reader, self._ask_client_ref)

    def _ask_client_ref(self, hetu: str, organisation: str, person: str) -> str:
        return self.desk.client_ref(hetu, organisation, person)

    @property
    def home(self) -> Organisation:
        """The client's own place: the authority and my path."""
        return self.organisations[self.installation.client_organisation.id]

    # Running

    def pump(self) -> int:
        """One round of every organisation. Returns how much there was to do."""
        return sum(organisation.pump() for organisation in self.organisations.values())

    def settle(self) -> None:
        """Pump until nothing is left to do: publishers, reactions and projectors at the head, expiries purged."""
        while self.pump():
            pass

    def rebuild(self, organisation: Organisation) -> Iterator[tuple[int, int]]:
        """See ``rebuild``."""
        return rebuild(organisation, self.places, self.log)

    def close(self) -> None:
        for organisation in self.organisations.values():
            organisation.close()
        self._authority_store.close()
        self.log.close()


def rebuild(organisation: Organisation, places: Places, log: SharedLog) -> Iterator[tuple[int, int]]:
    """Build a view anew beside the running one, then switch. Yields (read so far, head) as it goes."""
    place = places.of(organisation.id)
    projector = organisation.projector_on(place.new_view(), log.reader(), register=Beside(organisation.register))
    while projector.step():
        positions = projector.view.positions()
        yield sum(positions.values()), sum(log.heads().values())
    with organisation.projector.lock:
        while projector.step():
            pass
        projector.pass_day()
        projector.close()
        organisation.adopt(projector.view, place.switch)


def _of_kind(kind: str, installation: Installation) -> tuple[Feature, ...]:
    """All that an organisation of the kind can have switched on."""
    own: tuple[Feature, ...] = import_module(f"services.{kind}").FEATURES
    if kind == CLIENT:
        return (authority_feature(installation.ids), *own)
    return (*import_module("services.case").FEATURES, *own)


def features(config: OrganisationConfig, installation: Installation) -> Iterable[Feature]:
    """The features switched on: those of the kind and, but for the client's own place, the common case part."""
    own: tuple[Feature, ...] = import_module(f"services.{config.kind}").FEATURES
    common = [f for f in _of_kind(config.kind, installation) if f not in own]
    wanted = config.features
    unknown = set(wanted or ()) - {f.name for f in own}
    if unknown:
        raise ConfigurationError(f"{config.id}: its kind has no feature {', '.join(sorted(unknown))}")
    return (*common, *(f for f in own if wanted is None or f.name in wanted))
