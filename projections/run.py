"""The projector: from the shared log into what an organisation may hold, in batches.

For each record it asks the authority for the key ("not yours" is final); ``intake`` makes of them what the view is
to hold. It waits where the authority cannot answer. Clients with a record set aside wait; other clients go on.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from itertools import chain

from consent.keys import NO_SUCH, Keyring, Opened
from consent.policy import ClientConsent
from consent.sealing import Verifier, locator_of
from events.shared_log import LogReader, Positioned, SharedLog
from projections.held import MANY, TO_TRY_AGAIN, Batch, HeldFacts, HeldRow, LastRead, MovedMeanwhile, SetAside
from projections.intake import NOBODYS, Intake, MaySay, Register

BATCH = 500
CACHED_CLIENTS = 5_000

TakenIn = Callable[[Sequence[Opened], Batch], object]
Watch = Callable[[Sequence[Positioned]], AbstractContextManager[TakenIn]]
"""Around each batch of records. What it gives is told, once the view has them, the authority's answers and what they
changed."""


def unwatched(_: Sequence[Positioned]) -> AbstractContextManager[TakenIn]:
    return nullcontext(lambda *_: None)


class LogReplaced(Exception):
    """The shared log is not the one that was read: an older copy, perhaps. Nothing read of it can be relied on."""


class Projector:
    """Keeps one organisation's held facts at the head of the shared log."""

    def __init__(
        self, organisation: str, log: SharedLog, keyring: Keyring, verifier: Verifier, view: HeldFacts,
        today: Callable[[], date], register: Register, hears: Collection[str], reader: LogReader | None,
        watch: Watch, dismissed: Callable[[int], bool], may_say: MaySay,
    ):
        """``hears``: names of the facts that the organisation may have to react to. ``reader``: this projector moves
        the view, by the reader's partitions. One without waits for another process to move it. ``dismissed``
        and ``may_say``: see ``Intake``."""
        self.organisation = organisation
        self.view = view
        self._log, self._keyring, self._reader, self._today = log, keyring, reader, today
        self._watch = watch
        self.intake = Intake(
            organisation, verifier, register, hears, today, self._remembered,
            lambda client_ref: self.view.held(client_ref), dismissed, may_say,
        )
        self._consent: OrderedDict[str, ClientConsent] = OrderedDict()
        self._blocked = view.clients_set_aside()
        self._remembered_to: dict[str, int] = {}
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

    def may_hold(self, consent: ClientConsent, row: HeldRow) -> bool:
        """Does consent, as it stands today, cover the fact from its record's position until now?"""
        return self.intake.may_hold(consent, row)

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
        with self._watch(records) as taken_in:
            opened = self._ask(records)
            batch, consents = self.intake.project(records, opened, set(self._blocked))
            if self._write(batch, consents, positions, found):
                taken_in(opened, batch)
        return len(records)

    def _write(
        self, batch: Batch, consents: dict[str, ClientConsent], positions: Mapping[str, int],
        found: Mapping[str, Sequence[Positioned]],
    ) -> bool:
        """False where another process has read on: nothing was written here, its rows are there."""
        read = [LastRead(p, positions[p], some[-1].position, some[-1].record.id) for p, some in found.items()]
        try:
            self.view.write(batch, read)
        except MovedMeanwhile:
            self.begin_anew()
            self._remembered_to.clear()
            return False
        self._remembered_to |= {r.partition: r.position for r in read}
        self._take_in(batch, consents)
        return True

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
            self._blocked = self.view.clients_set_aside()

    def _take_in(self, batch: Batch, consents: dict[str, ClientConsent]) -> None:
        self._consent.update(consents)
        self._blocked |= {aside.client_ref for aside in batch.set_aside}
        if any(positions for _, positions in batch.purges):
            self.view.purged()

    def _ask(self, records: Sequence[Positioned]) -> Sequence[Opened]:
        return self._keyring.open_keys(self.organisation, [(p.record.subject, locator_of(p.record)) for p in records])

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
                if self.intake.purge(client_ref, self._remembered(client_ref), batch):
                    self.view.write_aside(batch)
                    self.view.purged()
            self._forget_leftovers(before)
            return clients

    def _forget_leftovers(self, partitions: Collection[str]) -> None:
        """A name comes into the register before its introduction is held. Where a process died between, and the client
        took the consent back meanwhile, nobody came to clear it."""
        introduced = {c for c in self.intake.register.introduced() if self._log.partition_of(c) in partitions}
        if introduced:
            for client_ref in introduced - self.view.introduced_clients() - self._blocked:  # theirs may wait to be understood
                self.intake.register.forget(client_ref)

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
            tried = left = after = 0
            blocked = set[str]()
            while found := self.view.set_aside(after, BATCH):
                after = found[-1].position
                some = [a for a in found if self.leads(a.client_ref)]
                records = self._records(some)
                batch, consents = self.intake.project(records, self._ask(records), blocked)
                self.view.write_aside(batch, some)
                self._take_in(batch, consents)
                tried, left = tried + len(some), left + len(batch.set_aside)
            self._blocked = self.view.clients_set_aside()
            return tried - left

    def _records(self, aside: Sequence[SetAside]) -> list[Positioned]:
        return [r for a in aside for r in self._log.read(self._log.partition_at(a.position), a.position - 1, 1)]

    def nobodys(self) -> Iterator[SetAside]:
        """Of what is set aside, or waits behind it, the records by whose locators no epoch was ever opened: nobody of the
        installation has made them. Raises ``AuthorityUnavailable`` and ``LogUnavailable``."""
        after = 0
        while found := self.view.set_aside(after, BATCH):
            after = found[-1].position
            records = self._records(found)
            nobodys = {r.position for r, opened in zip(records, self._ask(records), strict=True) if opened == NO_SUCH}
            yield from (a._replace(reason=NOBODYS) for a in found if a.position in nobodys)

    def replay_asked(self) -> int:
        """Replay, if somebody has asked for it (``HeldFacts.ask_again``). Returns how many records they asked for."""
        with self.lock:
            asked = [w for w in self.view.waiting(TO_TRY_AGAIN, MANY) if self.leads(w.client_ref)]
            if asked:
                self.replay()
                self.view.done(asked)
            return len(asked)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
