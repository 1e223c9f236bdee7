"""The authority: finds clients, keeps consents and keys, and answers who may read what.

Everything here happens under one lock: a key is never given on a consent state that a change is just leaving. Where
several processes are the authority, each looks before every answer whether another has put a change on the log or
opened an epoch, and one at a time puts a client's changes there.
"""

import hmac
import os
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.domain import CHANGES, Change, Grants, told
from consent.keys import (
    NO_SUCH,
    NOT_YOURS,
    NOTHING_TOLD,
    ConsentMoved,
    ConsentTold,
    Locators,
    Members,
    Opened,
    OpenKey,
    SealKey,
    Wanted,
    derive,
)
from consent.policy import ClientConsent
from consent.release import PURPOSE, Released, party_key, release_change
from consent.sealing import Signer
from events.consent import Scope, StatutoryGroundNoted
from events.envelope import Fact, Says
from events.shared_log import SharedLog, day_of
from services.client.authority.store import AuthorityStore, Epoch
from services.kit.errors import Unavailable, Unknown
from services.kit.store import CHANGES as CHANGES_COUNTED
from services.kit.store import OrganisationStore
from services.kit.telemetry.figures import CONSENT_CHANGES, KEYS_DENIED, KEYS_GIVEN

CHANGE_LANE = "change"
CACHED_EPOCHS = 20_000

K = TypeVar("K")
V = TypeVar("V")

Heads = dict[str, ConsentTold]
"""What each party was told of one client's consent."""

WriteGround = Callable[[str, StatutoryGroundNoted], None]
"""Writes a ground into the client's file at the authority."""


class Authority:
    """See ``consent.keys.Keyring``; and the authority's own acts."""

    def __init__(
        self, organisation: str, store: AuthorityStore, files: OrganisationStore, log: SharedLog, signer: Signer,
        master_key: bytes, now: Callable[[], datetime], grounds: Mapping[str, Sequence[StatutoryGroundNoted]],
        alone: bool,
    ):
        """``alone``: no other process is the authority. Then what is remembered need not be looked at again."""
        self.organisation = organisation
        self.lock = threading.RLock()
        self.write_ground: WriteGround | None = None
        self.log_is_whole: Callable[[], bool] = lambda: True
        self._store, self._files, self._log, self._signer, self._now = store, files, log, signer, now
        self._grounds, self._alone = grounds, alone
        self._seen = (0, 0)
        self._hash_key = derive(master_key, "hetu")
        self._roots_key = AESGCM(derive(master_key, "roots"))
        self._locators = Locators(derive(master_key, "locators"))
        self._consents: dict[str, tuple[ClientConsent, Heads]] = {}
        self._lasting: dict[tuple[str, str, str, Members], tuple[ClientConsent, date]] = {}
        self._answered: dict[tuple[str, str, int], tuple[ClientConsent, date, Opened]] = {}
        self._current: dict[tuple[str, str, str, str], Epoch] = {}
        self._root = lru_cache(CACHED_EPOCHS)(self._load_root)
        self._epochs: dict[int, Epoch] = {}
        self._key = lru_cache(CACHED_EPOCHS)(self._derive_key)

    # Clients

    def client_ref(self, hetu: str) -> str:
        """The client's reference, new if need be: the answer tells nothing about who is known elsewhere."""
        hetu_hash = hmac.digest(self._hash_key, hetu.upper().encode(), "sha256")
        with self.lock:
            known = self._store.client_by_hash(hetu_hash)
            if known is None:
                known = os.urandom(16).hex()
                nonce = os.urandom(12)
                root = nonce + self._roots_key.encrypt(nonce, os.urandom(32), known.encode())
                self._store.add_client(known, hetu_hash, root)
                known = self._store.client_by_hash(hetu_hash)
                assert known is not None
            return known

    def knows(self, client_ref: str) -> bool:
        return self._store.root(client_ref) is not None

    def _load_root(self, client_ref: str) -> bytes:
        sealed = self._store.root(client_ref)
        if sealed is None:
            raise Unknown("unknown_client")
        return self._roots_key.decrypt(sealed[:12], sealed[12:], client_ref.encode())

    # Consent

    def consent(self, client_ref: str) -> ClientConsent:
        """All of a client's consent that is on the log."""
        with self._up_to_date():
            return self._consent_and_heads(client_ref)[0]

    def consent_head(self, client_ref: str, party: str) -> ConsentTold:
        with self._up_to_date():
            return self._consent_and_heads(client_ref)[1].get(party, NOTHING_TOLD)

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        """Under the lock, with nothing remembered that another process has changed."""
        with self.lock:
            if not self._alone:
                changes, epochs = self._files.position(CHANGES_COUNTED), self._store.newest_epoch()
                if changes != self._seen[0]:
                    self._consents.clear()
                if epochs != self._seen[1]:
                    self._current.clear()
                self._seen = (changes, epochs)
            yield

    def _consent_and_heads(self, client_ref: str) -> tuple[ClientConsent, Heads]:
        known = self._consents.get(client_ref)
        if known is None:
            known = self._consents[client_ref] = self._load_consent(client_ref)
            if len(self._consents) > CACHED_EPOCHS:
                self._consents.pop(next(iter(self._consents)))
        return known

    def _load_consent(self, client_ref: str) -> tuple[ClientConsent, Heads]:
        consent, heads = ClientConsent(), Heads()
        for position, time, fact in self._changes_on_log(client_ref):
            heads = _told_at(position, heads, self._told(consent.grants, fact.says))
            consent = consent.plus(Change(position, day_of(time), fact.ref, fact.says))
        return consent, heads

    def _changes_on_log(self, client_ref: str) -> list[tuple[int, int, Fact]]:
        places = {p.number: p for p in self._files.publications(client_ref)}
        numbers = [o.number for o in self._files.own_facts(client_ref)]
        facts = self._files.file(client_ref).facts
        found = [
            (places[n].position, places[n].time, f)
            for n, f in zip(numbers, facts, strict=False)
            if n in places and isinstance(f.says, CHANGES)
        ]
        return sorted(found, key=lambda c: c[0])

    def _told(self, before: Grants, change: Says) -> frozenset[str]:
        return told(before, change) | {self.organisation}

    def publish_changes(self, client_ref: str) -> list[Released]:
        """Put the file's consent changes that are not on the log yet onto it, in order. Only then is a change
        acknowledged, and only then does it count. One after the other, whoever is asked."""
        with self._files.database.alone(f"changes of {client_ref}"), self._up_to_date():
            places = {p.number for p in self._files.publications(client_ref)}
            facts = self._files.file(client_ref).facts
            missing = [
                (o.number, f)
                for o, f in zip(self._files.own_facts(client_ref), facts, strict=False)
                if isinstance(f.says, CHANGES) and o.number not in places
            ]
            if missing and not self.log_is_whole():
                raise Unavailable("log_replaced")
            return [self._publish_change(number, fact) for number, fact in missing]

    def _publish_change(self, number: int, fact: Fact) -> Released:
        consent, heads = self._consent_and_heads(fact.client_ref)
        parties = self._told(consent.grants, fact.says)
        members = tuple((p, "") for p in sorted(parties))
        wanted = Wanted(fact.client_ref, "consent", f"{CHANGE_LANE}:{fact.fact_id}", members)
        behind = self._log.head(self._log.partition_of(fact.client_ref))
        (epoch,) = self._epochs_for(self.organisation, [wanted], behind)
        (locator,) = self._locators.make([epoch.number])
        key = SealKey(epoch.number, self._key(epoch.number), locator)
        root = self._root(fact.client_ref)
        # The time it was written: repeated after a crash, also on a later day, it is the record that is there.
        position, time = release_change(
            self._signer, self._log, fact, parties, key, lambda p: party_key(root, p, epoch.number), fact.recorded_at,
            self.organisation, epoch.begun_after, self._files.trace_of(number),
        )
        CONSENT_CHANGES.add(1, {"organisation": self.organisation, "change": fact.name})
        released = Released(number, CHANGE_LANE, position, time, " ".join(sorted(parties)))
        changes = self._files.mark_changed(released)
        if changes == self._seen[0] + 1:
            self._seen = (changes, self._seen[1])
        after = consent.plus(Change(position, day_of(time), fact.ref, fact.says))
        self._consents[fact.client_ref] = (after, _told_at(position, heads, parties))
        return released

    def note_grounds(self, client_ref: str, source: str, needed: Collection[Scope]) -> None:
        """See ``Keyring``. Grounds that the client's stream holds already are not noted again. Nobody is to be told
        of a client that there is not: somebody may have asked for a made-up reference, and been refused."""
        if not self.knows(client_ref):
            return
        noted = self.consent(client_ref).grants.statutory
        for ground in self._grounds.get(source, ()):
            wanted = not noted.issuperset(ground.scopes) and not set(ground.scopes).isdisjoint(needed)
            if wanted and self.write_ground is not None:
                self.write_ground(client_ref, ground)
        self.publish_changes(client_ref)

    # Keys

    def seal_keys(self, source: str, wanted: Sequence[Wanted]) -> Sequence[SealKey]:
        with self._up_to_date():
            today = self._now().date()
            moved = frozenset([w.client_ref for w in wanted if not self._still_so(source, w, today)])
            if moved:
                raise ConsentMoved(moved)
            epochs = self._epochs_for(source, wanted)
            return [
                SealKey(epoch.number, self._key(epoch.number), locator)
                for epoch, locator in zip(epochs, self._locators.make([e.number for e in epochs]), strict=True)
            ]

    def _still_so(self, source: str, wanted: Wanted, today: date) -> bool:
        client_ref, category, _, members = wanted
        consent = self._consent_and_heads(client_ref)[0]
        asked = (source, client_ref, category, members)
        if self._lasting.get(asked) == (consent, today):
            return True
        if not members:
            return False  # for nobody nothing is sealed
        for recipient, since in members:
            if not consent.lasts(_scope(source, recipient, category), since, today):
                return False
        _keep(self._lasting, asked, (consent, today))
        return True

    def _epochs_for(self, source: str, wanted: Iterable[Wanted], behind: int = 0) -> list[Epoch]:
        """For each the lane's current epoch where its members are these; else a new one, durable before its use."""
        new: list[Epoch] = []
        newest: dict[tuple[str, str, str, str], Epoch] = {}
        epochs: list[Epoch] = []
        for client_ref, category, lane, members in wanted:
            key = (client_ref, source, category, lane)
            current = newest.get(key) or self._current.get(key) or self._store.current_epoch(*key)
            if current is None or current.members != members:
                current = newest[key] = Epoch(-len(new), *key, members, behind)
                new.append(current)
            epochs.append(current)
        if new:
            known = self._seen[1]
            opened = self._store.open_epochs(new, None if self._alone else known)
            if [e.number for e in opened] == [*range(known + 1, known + 1 + len(opened))]:
                self._seen = (self._seen[0], opened[-1].number)
            epochs = [opened[-e.number] if e.number <= 0 else e for e in epochs]
        self._remember(epochs)
        return epochs

    def _remember(self, epochs: Iterable[Epoch]) -> None:
        if len(self._epochs) > CACHED_EPOCHS:
            self._epochs.clear()
            self._current.clear()
        for epoch in epochs:
            self._epochs[epoch.number] = epoch
            self._current[epoch[1:5]] = epoch

    def _epoch(self, number: int) -> Epoch | None:
        known = self._epochs.get(number)
        if known is None and (known := self._store.epoch(number)) is not None:
            self._epochs[number] = known
        return known

    def open_keys(self, recipient: str, asked: Sequence[tuple[str, bytes]]) -> Sequence[Opened]:
        with self._up_to_date():
            numbers = self._locators.read([locator for _, locator in asked])
            today = self._now().date()
            answers = [self._open(recipient, client, n, today) for (client, _), n in zip(asked, numbers, strict=True)]
        _count(recipient, answers)
        return answers

    def _open(self, recipient: str, client_ref: str, number: int | None, today: date) -> Opened:
        """Answered again without looking where neither the client's consent nor the day has changed. For a locator that is
        not of this client nothing is looked up: whoever writes to the log can make any."""
        epoch = None if number is None else self._epoch(number)
        if epoch is None or epoch.client_ref != client_ref:
            return NO_SUCH
        consent = self._consent_and_heads(client_ref)[0]
        asked = (recipient, client_ref, epoch.number)
        known = self._answered.get(asked)
        if known is not None and known[0] is consent and known[1] == today:
            return known[2]
        answer = self._answer(recipient, epoch, consent, today)
        _keep(self._answered, asked, (consent, today, answer))
        return answer

    def _answer(self, recipient: str, epoch: Epoch, consent: ClientConsent, today: date) -> Opened:
        since = dict(epoch.members).get(recipient)
        if since is None:
            return NOT_YOURS
        if epoch.source == self.organisation and epoch.lane.startswith(f"{CHANGE_LANE}:"):
            part = party_key(self._root(epoch.client_ref), recipient, epoch.number)
            return OpenKey(epoch.number, epoch.source, epoch.category, self._key(epoch.number), part)
        scope = _scope(epoch.source, recipient, epoch.category)
        if not consent.lasts(scope, since, today):
            return NOT_YOURS
        return OpenKey(epoch.number, epoch.source, epoch.category, self._key(epoch.number))

    def _derive_key(self, number: int) -> bytes:
        epoch = self._epoch(number)
        assert epoch is not None
        return derive(self._root(epoch.client_ref), epoch.source, epoch.category, str(number))


def _count(recipient: str, answers: Iterable[Opened]) -> None:
    denied = Counter(a if isinstance(a, str) else "" for a in answers)
    if given := denied.pop("", 0):
        KEYS_GIVEN.add(given, {"organisation": recipient})
    for why, count in denied.items():
        KEYS_DENIED.add(count, {"organisation": recipient, "why": why})


def _keep(cache: dict[K, V], key: K, value: V) -> None:
    if len(cache) > CACHED_EPOCHS:
        cache.clear()
    cache[key] = value


@lru_cache(4096)
def _scope(source: str, recipient: str, category: str) -> Scope:
    return Scope(source=source, recipient=recipient, category=category, purpose=PURPOSE)


def _told_at(position: int, heads: Heads, parties: Iterable[str]) -> Heads:
    """What each party was told of, with one more change for these."""
    return heads | {p: ConsentTold(position, heads.get(p, NOTHING_TOLD).changes + 1) for p in parties}
