"""What really stands on the shared log: read with the authority's own means, as nobody else can."""

from collections.abc import Iterator
from typing import NamedTuple

from consent.release import party_key
from consent.sealing import CONSENT_CHANGE, locator_of, open_part, unseal
from events.codec import decode
from events.consent import Scope
from events.envelope import Fact
from events.shared_log import Positioned, day_of
from tests.consent.oracle import Changed, Oracle
from tests.consent.world import HOME, World


class Sent(NamedTuple):
    """A record that carries a fact: for whom, under which epoch and key. ``lane`` names a newcomer, or is empty."""

    raw: Positioned
    fact: Fact
    epoch: int
    key: bytes
    lane: str
    members: frozenset[str]

    def scope(self, recipient: str) -> Scope:
        return scope_of(self.fact, recipient)


def scope_of(fact: Fact, recipient: str) -> Scope:
    return Scope(source=fact.organisation, recipient=recipient, category=fact.category)


class Stream:
    """Follows the log. ``oracles`` hold each client's consent changes, ``sent`` every record of a fact, ``copies`` the
    places at which a record stands once more."""

    def __init__(self, world: World):
        self.world = world
        self.oracles = {client: Oracle() for client in world.clients}
        self.sent: list[Sent] = []
        self.originals: dict[str, Positioned] = {}
        self.copies: dict[int, str] = {}
        self._positions: dict[str, int] = {}

    def read_on(self) -> Iterator[Sent]:
        """The facts sent since the last time. A copy of a record is no record of its own."""
        for partition, head in self.world.log.heads().items():
            after = self._positions.get(partition, 0)
            for raw in self.world.log.read(partition, after, 1_000_000) if head > after else ():
                self._positions[partition] = raw.position
                if self.originals.setdefault(raw.record.id, raw) is raw:
                    yield from self._open(raw)
                else:
                    self.copies[raw.position] = raw.record.id

    def _open(self, raw: Positioned) -> Iterator[Sent]:
        authority = self.world.platform.authority
        (number,) = authority._locators.read([locator_of(raw.record)])
        assert number is not None
        epoch = authority._epoch(number)
        assert epoch is not None
        key = authority._key(number)
        inside, _ = unseal(raw.record, key)
        if inside.kind == CONSENT_CHANGE:
            part = open_part(inside.body, party_key(authority._root(raw.record.subject), HOME, number))
            assert part is not None
            fact = decode(part)
            change = Changed(raw.position, day_of(raw.record.time), fact.fact_id, fact.says)
            self.oracles[raw.record.subject].hear(change)
        else:
            members = frozenset(m for m, _ in epoch.members)
            sent = Sent(raw, decode(inside.body), number, key, epoch.lane, members)
            self.sent.append(sent)
            yield sent

    def may_hold(self, sent: Sent, recipient: str, changes: int | None = None) -> bool:
        """By the oracle, may the recipient hold the fact by this record today?"""
        oracle, day = self.oracles[sent.fact.client_ref], day_of(sent.raw.record.time)
        today = self.world.today
        return oracle.may_hold(sent.scope(recipient), sent.fact.fact_date, sent.raw.position, day, today, changes)

    def might_have(self, sent: Sent, recipient: str) -> bool:
        """By the oracle, might the fact be sent to the recipient at the record's own place?"""
        oracle, day = self.oracles[sent.fact.client_ref], day_of(sent.raw.record.time)
        return oracle.may_have(sent.scope(recipient), sent.fact.fact_date, day, oracle.before(sent.raw.position))
