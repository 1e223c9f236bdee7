"""One organisation in a process of its own, or in several that share its work, on its own database and the shared log."""

import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.types import ASGIApp

from consent.keys import NO_SUCH
from consent.sealing import Verifier
from events.postgres.listener import Listener
from events.postgres.only_one import OnlyOne
from events.shared_log.kafka.topic import groups_of
from projections.intake import Beside
from projections.run import Projector
from services.client.authority.answering import Answering
from services.client.authority.questions import ADDRESS
from services.client.authority.remote import RemoteAuthority
from services.client.authority.silent import Silent
from services.client.authority.web import authority_app
from services.client.desk import HomeDesk
from services.kit.bootstrap import Composer, Keys, PublicKeys, features, rebuild
from services.kit.clock import Clock, RealClock
from services.kit.command import Command
from services.kit.config import CONSENT_CLERK, ConfigurationError, Installation, OrganisationConfig
from services.kit.credentials import Credential, Credentials
from services.kit.decide import Features
from services.kit.desk import Desk
from services.kit.loops import Loop, stop
from services.kit.organisation import Organisation
from services.kit.servers import Servers
from services.kit.store import OrganisationStore
from services.kit.telemetry.figures import KEYS_DENIED
from services.kit.telemetry.gauges import stored
from services.kit.upstreams import Ask, Upstreams

WEB, PUBLISHER, PROJECTOR = "web", "publisher", "projector"
PARTS = frozenset((WEB, PUBLISHER, PROJECTOR))
IDLE_SECONDS = 1.0
"""Whoever waits is woken by news; now and then it looks by itself."""


class Node:
    """See the module. The door of this process only looks at the view; ``leading`` moves it, if this process does."""

    def __init__(
        self, installation: Installation, organisation: str, places: Servers, clock: Clock, authority_url: str | None,
        parts: frozenset[str] = PARTS, trace_on_log: bool = True,
    ):
        """``parts``: what of the organisation's work this process does. ``authority_url``: needed but at the client's
        own place. ``trace_on_log``: see ``Organisation``. Raises ``ConfigurationError``, ``Unavailable`` and the store's errors."""
        self.installation, self.clock, self.parts = installation, clock, parts
        config = _config_of(installation, organisation)
        self._composer = Composer(installation, clock, places, trace_on_log)
        self._keys, self._place = Keys(public_keys(installation)), places.of(organisation)
        self.log, self.wake, self._news = self._composer.log, threading.Event(), threading.Event()
        self._check_own_key(organisation)
        store = self._composer.store(organisation)
        self.home: HomeDesk | None = None
        self.remote: RemoteAuthority | None = None
        self.desk: Desk
        if config.kind == "client":
            self.organisation = self._at_home(config, store)
        else:
            self.organisation = self._away(config, store, authority_url)
        self.leading = self._leading() if PROJECTOR in parts else None
        self._publishing, self._reacting = (OnlyOne(self._place.url, name) for name in ("publisher", "reactor"))
        self.loops = self._loops()
        self._listener = Listener(store.database, self.wake.set)  # type: ignore[arg-type]
        self.upstreams = Upstreams(self._asks())

    def _check_own_key(self, organisation: str) -> None:
        own = self._composer.signing_key(organisation).public_key().public_bytes_raw()
        if own not in [k.public_bytes_raw() for k in self._keys.public_keys(organisation)]:
            raise ConfigurationError(f"the signing key of {organisation} is none of those that the installation names")

    def _at_home(self, config: OrganisationConfig, store: OrganisationStore) -> Organisation:
        self.authority, self._authority_store = self._composer.authority(store, alone=False)
        home = self._composer.organisation(config, store, self.authority, Verifier(self._keys), None, self._client_ref)
        self.desk = self.home = HomeDesk(home, self.authority, self._composer.names, self.clock)
        self.authority.log_is_whole = home.projector.on_its_log
        for organisation in self.installation.ids:  # so that the first one asked for is seen as one more
            KEYS_DENIED.add(0, {"organisation": organisation, "why": NO_SUCH})
        return home

    def _away(self, config: OrganisationConfig, store: OrganisationStore, authority_url: str | None) -> Organisation:
        if not authority_url:
            raise ConfigurationError("AUTHORITY_URL is not set: where are keys and consents asked for?")
        credential = Credential(config.id, self._composer.signing_key(config.id), RealClock().now)
        self.desk = self.remote = RemoteAuthority(authority_url, credential, clerks_commands(self.installation))
        return self._composer.organisation(config, store, self.remote, Verifier(self._keys), None, self._client_ref)

    def _client_ref(self, hetu: str, organisation: str, person: str) -> str:
        return self.desk.client_ref(hetu, organisation, person)

    def _leading(self) -> Projector:
        self._place.tidy()
        reader = self.log.reader(f"{groups_of(self.organisation.id)}.projector")
        return self.organisation.projector_on(self.organisation.projector.view, reader, self.organisation.reading)

    def authority_app(self) -> tuple[str, ASGIApp]:
        """At the client's own place: the address at which other organisations ask for keys and consents, and what answers."""
        assert self.home is not None
        organisations = {o.id: o for o in self.installation.organisation}
        answering = Answering(self.authority, self.home, organisations)
        return ADDRESS, authority_app(answering, Credentials(self._keys, RealClock().now))

    def rebuild(self) -> Iterator[tuple[int, int]]:
        """Build the view anew beside the one that the organisation's processes go on with, then switch. Yields (read so
        far, head). Raises ``Unavailable`` while another process does."""
        return rebuild(self.organisation, self._composer.places, self.log)

    @contextmanager
    def view_built_anew(self) -> Iterator[Projector]:
        """A second view, empty, and a projector that reads into it; gone at the end. Raises as ``rebuild`` does."""
        view = self._place.new_view()
        projector = self.organisation.projector_on(view, self.log.reader(), register=Beside(None))
        try:
            yield projector
        finally:
            projector.close()
            self._place.discard(view)

    # Running

    def _loops(self) -> list[Loop]:
        loops = []
        if PUBLISHER in self.parts:
            loops.append(Loop("publisher", self._publish, self._until(self.wake), IDLE_SECONDS, self.organisation.id))
        if self.leading is not None:
            loops.append(Loop("projector", self._read_on, self.leading.wait, IDLE_SECONDS, self.organisation.id))
            loops.append(Loop("reactor", self._react, self._until(self._news), IDLE_SECONDS, self.organisation.id))
        return loops

    def _asks(self) -> dict[str, Ask]:
        """What is asked of each tells how the organisation stands, too."""
        asks = {
            "store": Ask(lambda: stored(self.organisation) | {"positions": self.organisation.projector.view.positions()}),
            "log": Ask(self._to_read),
            "copies": Ask(self.log.missing_copies, seldom=True, needed=False),
        }
        if self.home is not None:
            asks["silent"] = Ask(Silent(self.organisation, self.home).now, seldom=True, needed=False)
        if self.remote is not None:
            asks["authority"] = Ask(self.remote.ask_whether_it_answers)
        return asks

    def _to_read(self) -> int | None:
        """None where it is not known how far the view has read."""
        if (store := self.upstreams.last("store")) is None:
            self.log.heads()
            return None
        return self.log.behind(store["positions"])

    def _publish(self) -> int:
        return self.organisation.send() if self._publishing.has_it() else 0

    def _react(self) -> int:
        return self.organisation.react() if self._reacting.has_it() else 0

    def _read_on(self) -> int:
        assert self.leading is not None
        work = self.organisation.read_on(self.leading) or self.leading.replay_asked()
        if work:
            self._news.set()
            self.wake.set()
        return work

    @staticmethod
    def _until(event: threading.Event) -> Callable[[float], None]:
        def wait(seconds: float) -> None:
            event.wait(seconds)
            event.clear()

        return wait

    def start(self) -> None:
        self._listener.start()
        self.upstreams.start()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Returns once every step under way is done, or left (``Loop.stop``)."""
        self.upstreams.stop()
        for event in (self.wake, self._news):
            event.set()
        stop(self.loops)
        self._listener.stop()

    def close(self) -> None:
        for lock in (self._publishing, self._reacting):
            lock.let_go()
        if self.leading is not None:
            self.leading.close()
        self.organisation.close()
        if self.home is not None:
            self._authority_store.close()
        if self.remote is not None:
            self.remote.close()
        self.log.close()


def _config_of(installation: Installation, organisation: str) -> OrganisationConfig:
    for config in installation.organisation:
        if config.id == organisation:
            return config
    raise ConfigurationError(f"there is no organisation {organisation}; there are: {', '.join(sorted(installation.ids))}")


def public_keys(installation: Installation) -> PublicKeys:
    """Those that the installation names. Raises ``ConfigurationError`` for an organisation without a usable one."""
    found: dict[str, list[Ed25519PublicKey]] = {}
    for organisation in installation.organisation:
        try:
            keys = [Ed25519PublicKey.from_public_bytes(b64decode(k, validate=True)) for k in organisation.public_keys]
        except ValueError:
            raise ConfigurationError(f"{organisation.id}: a public key is not 32 bytes in base64") from None
        if not keys:
            raise ConfigurationError(f"{organisation.id} has no public key: `palvelupolku keys` prints it")
        found[organisation.id] = keys
    return found


def clerks_commands(installation: Installation) -> Mapping[str, type[Command]]:
    """What a consent clerk anywhere may have recorded at the client's own place."""
    home = Features(features(installation.client_organisation, installation))
    return {n: c for n, c in home.commands.items() if CONSENT_CLERK in c.roles}
