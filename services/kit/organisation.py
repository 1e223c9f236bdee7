"""One organisation at work: commands in, facts out; the publisher, projector and reactor that follow them."""

import hmac
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from eventsourcing.persistence import OperationalError

from consent.keys import Keyring
from consent.release import Release
from consent.sealing import Signer, Verifier
from consent.withheld import Withheld
from events.consent import PathOpened, PathRefused, Scope
from events.envelope import REF, Fact, Says
from events.shared_log import LogReader, LogUnavailable, SharedLog
from projections.door import Door, LooksBackOnly, NotAClientHere, Viewer
from projections.held import WAITS_BEHIND, HeldFacts
from projections.intake import MaySay, Register
from projections.run import Projector, Watch, unwatched
from projections.service_path.rows import ServicePath
from services.kit.client_file import Actor, At, ClientFile, Draft
from services.kit.client_list import ClientList, clients
from services.kit.command import Command
from services.kit.config import OrganisationConfig
from services.kit.decide import IDENTITY_CODE, Features, check_fact, decide, stamped
from services.kit.errors import Impossible, Invalid, Refused, Unavailable, Unknown
from services.kit.publisher import Publisher
from services.kit.reactor import Reactor, new_ref
from services.kit.register import ClientRegister, Entry, has_own_case, valid_hetu
from services.kit.store import Dismissed, OrganisationStore, WrittenMeanwhile
from services.kit.telemetry.figures import COMMAND, READ, measured, measured_outcome
from services.kit.telemetry.publishing import Publishing
from services.kit.telemetry.reading import Reading
from services.kit.telemetry.traces import traceparent

ATTEMPTS = 5

AskClientRef = Callable[[str, str, str], str]
"""(hetu, organisation, person) → the client's reference, from the authority."""

Acknowledge = Callable[[str], object]
"""Called with the client_ref after facts are written and before the command is acknowledged."""


class Organisation:
    """Everything one organisation does. Safe for threads."""

    def __init__(
        self, config: OrganisationConfig, store: OrganisationStore, view: HeldFacts, log: SharedLog, keyring: Keyring,
        signer: Signer, verifier: Verifier, register: ClientRegister, features: Features, now: Callable[[], datetime],
        ask_client_ref: AskClientRef, statutory: Iterable[Scope], names: Mapping[str, str], marking_key: bytes,
        acknowledge: Acknowledge, also_here: Callable[[str], bool], apart: frozenset[str], reader: LogReader | None,
        trace_on_log: bool, may_say: MaySay,
    ):
        """``trace_on_log``: what a sampled act writes carries its trace to the shared log. ``may_say``: see ``Intake``."""
        self.config, self.store, self.register, self.features = config, store, register, features
        self.id = config.id
        self._log, self._keyring, self._verifier, self._now = log, keyring, verifier, now
        self._ask_client_ref, self._acknowledge, self._also_here = ask_client_ref, acknowledge, also_here
        self._writing, self._marking_key, self._may_say = threading.RLock(), marking_key, may_say
        self.reading, publishing, self._trace_on_log = Reading(self.id, now), Publishing(self.id, now), trace_on_log
        self.projector = self.projector_on(view, reader, self.reading)
        release = Release(self.id, log, keyring, signer, register.fill_in, apart, publishing.decided)
        self.publisher = Publisher(
            store, release, self.projector, keyring, now, frozenset(statutory), acknowledge, publishing
        )
        self.reactor = Reactor(store, view, features, now)
        self.door = Door(self, self.projector, keyring, now, names)
        self._organisations, self._apart = frozenset(names), apart

    def projector_on(
        self, view: HeldFacts, reader: LogReader | None, watch: Watch = unwatched, register: Register | None = None
    ) -> Projector:
        """A projector of this organisation that writes to ``view`` what it reads, and to its register or another."""
        return Projector(
            self.id, self._log, self._keyring, self._verifier, view, self.today, register or self.register,
            self.features.hears, reader, watch, self.store.is_dismissed, self._may_say,
        )

    def today(self) -> date:
        return self._now().date()

    # Commands

    def register_client(self, actor: Actor, full_name: str, hetu: str, language: str = "fi") -> str:
        """Put a client into the register. Returns their reference, the same however often asked. Raises ``Invalid``."""
        if IDENTITY_CODE.search(full_name.encode()):
            raise Invalid("identity_code_in_text", "full_name")
        hetu = valid_hetu(hetu)
        client_ref = self._ask_client_ref(hetu, self.id, actor.person)
        self.register.put(client_ref, Entry(full_name, hetu, language))
        return client_ref

    def execute(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        """Give a command in the client's file. Returns the new facts; none when it was given before.

        Raises ``Refused``. When it returns, the facts are durable; a consent change is on the shared log too.
        """
        with measured_outcome(COMMAND, (Refused,), organisation=self.id, command=command.called()):
            return self._execute(client_ref, command, actor, command_id)

    def _execute(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        if not self.is_client_here(client_ref):
            raise Unknown("not_a_client_here")
        facts = self._write(client_ref, lambda file: decide(self.features, file, command, self._at(actor), command_id, new_ref))
        try:
            self._acknowledge(client_ref)
        except LogUnavailable:
            raise Unavailable("log_unavailable") from None
        return facts

    def mark(self, command: Command) -> str:
        """A short mark of the command's content, for its id. It tells nothing of the content: it is keyed."""
        return hmac.digest(self._marking_key, command.model_dump_json().encode(), "sha256").hex()[:16]

    def facts_of(self, client_ref: str, command_id: str) -> tuple[Fact, ...]:
        """What a command that was given before has added to the file."""
        return tuple(f for f in self.store.file(client_ref).facts if f.command_id == command_id)

    def write(self, client_ref: str, says: Says, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        """Write one fact of the platform's own making, once for each command id."""

        def written(file: ClientFile) -> tuple[Fact, ...]:
            if command_id in file.command_ids:
                return ()
            new = stamped(file, [Draft(says, self.today())], self._at(actor), command_id, new_ref)
            for fact in new:
                check_fact(fact, self._at(actor))
            return new

        return self._write(client_ref, written)

    def _write(self, client_ref: str, decided: Callable[[ClientFile], tuple[Fact, ...]]) -> tuple[Fact, ...]:
        """Decided first on what is remembered of the file: if that has grown meanwhile, nothing is written, and no
        refusal counts."""
        lost, trace = False, traceparent() if self._trace_on_log else ""
        for attempt in range(ATTEMPTS):
            with self._writing:
                file = self.store.file(client_ref) if attempt else self.store.remembered(client_ref)
                try:
                    facts = decided(file)
                except Refused:
                    if attempt or self.store.file(client_ref).version == file.version:
                        raise
                    continue
                try:
                    if facts:
                        self.store.append(file, facts, trace)
                    return facts
                except WrittenMeanwhile as again:
                    lost = isinstance(again.__cause__, OperationalError)
        raise Unavailable("store_unavailable") if lost else Impossible("written_meanwhile")

    def _at(self, actor: Actor) -> At:
        return At(self._now(), actor)

    # What the door needs

    def own_facts(self, client_ref: str) -> tuple[Fact, ...]:
        return self.store.file(client_ref).facts

    def is_client_here(self, client_ref: str) -> bool:
        if has_own_case(self.store.remembered(client_ref).facts):  # once it has, it has
            return True
        if self.store.register_entry(client_ref) is not None or self._also_here(client_ref):
            return True
        if has_own_case(self.store.file(client_ref).facts):
            return True
        consent = self.projector.consent(client_ref)
        return any(self.projector.may_hold(consent, row) for row in self.projector.view.held(client_ref))

    def name_of(self, client_ref: str, told: bool = True) -> str | None:
        entry = self.register.get(client_ref)
        return entry.full_name if entry is not None and (told or self.register.is_own(client_ref)) else None

    def disclose(self, client_ref: str, says: PathOpened | PathRefused, viewer: Viewer) -> None:
        self.write(client_ref, says, Actor(viewer.person, viewer.name, viewer.role, viewer.organisation), new_ref())

    def path(self, client_ref: str, actor: Actor, on: date | None = None, language: str = "fi") -> ServicePath:
        """The client's path for this person, through the door. Raises ``Refused``."""
        if REF.fullmatch(client_ref) is None:
            raise Unknown("not_a_client_here")
        viewer = Viewer(actor.person, actor.name, actor.role, actor.organisation)
        try:
            with measured(READ, organisation=self.id, view="path"):
                return self.door.open(client_ref, viewer, on, language)
        except NotAClientHere:
            raise Unknown("not_a_client_here") from None
        except LooksBackOnly:
            raise Impossible("looks_back_only", "on") from None

    def clients(self, actor: Actor) -> ClientList:
        """The clients of the organisation's own register, as this person may see them. Raises ``NotAllowed``."""
        with measured(READ, organisation=self.id, view="clients"):
            return clients(self, actor)

    def withheld(self, client_ref: str) -> list[Withheld]:
        """What of the client's file stayed at home, from whom, and why."""
        with measured(READ, organisation=self.id, view="withheld"):
            return self.publisher.withheld(client_ref, self._organisations, self._apart)

    # Running

    def pump(self) -> int:
        """One round of reading, sending again, publishing and reacting. Returns how much there was to do.
        Raises ``AuthorityUnavailable``: wait and pump again."""
        return self.read_on(self.projector) + self.send() + self.react()

    def read_on(self, projector: Projector) -> int:
        """Read the log on with the projector that moves the view; when all is read, let the day pass."""
        return projector.step() or self._pass_day(projector)

    def send(self) -> int:
        """Send what is to be sent again, and what is new."""
        return self.publisher.backfill() + self.publisher.step()

    def react(self) -> int:
        """React to what was read."""
        with self._writing:
            return self.reactor.step()

    def replay(self) -> int:
        """Try the records again that were set aside. Returns how many were understood."""
        return self.projector.replay()

    def dismiss(self, position: int, person: str, because: str) -> None:
        """Let nothing wait for a record that is set aside, once it is tried again. It stays on the log, and counts after
        all wherever it is understood: in a rebuild by a later version, or with a key that was missing.

        Others' facts of the client are shown again only while every consent change is known: a dismissed withdrawal
        keeps the door shut. Raises ``Unknown``, ``Impossible`` and ``Invalid``.
        """
        _check_words(person, because)
        aside = next(iter(self.projector.view.set_aside(position - 1, 1)), None) if 0 < position < 2**63 else None
        if aside is None or aside.position != position:
            raise Unknown("not_set_aside", "position")
        if aside.reason == WAITS_BEHIND:
            raise Impossible("waits_behind_another", "position")
        self.store.dismiss(Dismissed(*aside, because, person, self._now().isoformat()))

    def dismiss_nobodys(self, person: str, because: str) -> int:
        """As ``dismiss``, of every record that is set aside or waits and that nobody of the installation has made. Returns
        how many. Raises ``Invalid``, ``AuthorityUnavailable`` and ``LogUnavailable``."""
        _check_words(person, because)
        count = 0
        for aside in self.projector.nobodys():
            self.store.dismiss(Dismissed(*aside, because, person, self._now().isoformat()))
            count += 1
        return count

    def _pass_day(self, projector: Projector) -> int:
        """On a new day: purge what has expired, send what begins."""
        if clients := projector.pass_day():
            self.store.queue_backfill(clients)
        projector.day_passed()
        return len(clients)

    def adopt(self, rebuilt: HeldFacts, switch: Callable[[HeldFacts, HeldFacts], None]) -> None:
        """Go on with a rebuilt view in place of this one. ``switch``: see ``services.kit.places.Place``."""
        with self.projector.lock, self._writing:
            view = self.projector.view
            rebuilt.take_over(view, self._log.partition_at)
            switch(view, rebuilt)
            self.projector.begin_anew()

    def close(self) -> None:
        self.projector.close()
        self.projector.view.close()
        self.store.close()


def _check_words(person: str, because: str) -> None:
    for field, text in (("because", because), ("by", person)):
        if IDENTITY_CODE.search(text.encode()):
            raise Invalid("identity_code_in_text", field)
