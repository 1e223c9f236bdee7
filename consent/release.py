"""The only door out of an organisation: who may have this now? Then sign the batch, seal it, append it.

Nothing else appends to the shared log. What may go to nobody stays at home; ``withheld`` tells why.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from consent.domain import part_for
from consent.keys import Keyring, Members, SealKey, Wanted, derive
from consent.meant_for import NOBODY, Mention, is_for, mention
from consent.policy import ClientConsent
from consent.sealing import CONSENT_CHANGE, FACT, Envelope, Signer, record_id, seal_parts
from events.codec import Header, encode
from events.consent import Purpose
from events.envelope import INTERNAL, Fact
from events.shared_log import LogUnavailable, SharedLog, microseconds
from events.structs import replaced

PURPOSE: Purpose = "service_coordination"
IDENTITY = "identity"
NOBODY_NAMED = "no_consent"
CACHED_DECISIONS = 20_000

ConsentOf = Callable[[str], ClientConsent]
"""The consent of a client as this source knows it."""

FillIn = Callable[[Header, bytes], tuple[bytes, str] | None]
"""For an introduction: the fact's bytes with the client's details from the register, and the organisation it is
for; None when the register no longer has the client."""

Decided = Callable[[Mapping[str, int], Mapping[str, int]], object]
"""Told, once they are on the log, how many facts of each category somebody may have, and how often each reason kept one
from an organisation that a grant names (or, where none does, from everybody)."""


class Outgoing(NamedTuple):
    """A fact of one's own file on its way out. ``number`` is its place among all of the organisation's facts, ``trace``
    as in ``Record``."""

    number: int
    header: Header
    data: bytes
    trace: str = ""


class _Decision(NamedTuple):
    """``version``: of the consent that it rests on."""

    version: int
    members: Members
    reasons: tuple[str, ...]


_INTERNAL = _Decision(0, (), ())


class Released(NamedTuple):
    """A record that is on the log: which fact, where, when, for whom. ``lane`` as in ``Wanted``."""

    number: int
    lane: str
    position: int
    time: int
    recipients: str


class Release:
    """One source's door to the shared log."""

    def __init__(
        self, source: str, log: SharedLog, keyring: Keyring, signer: Signer, fill_in: FillIn,
        apart: frozenset[str] = frozenset(), decided: Decided = lambda _passed, _withheld: None,
    ):
        """``apart``: see ``consent.meant_for``."""
        self.source = source
        self._apart = apart
        self._log = log
        self._keyring = keyring
        self._signer = signer
        self._fill_in = fill_in
        self._decided = decided
        self._decisions: dict[tuple[str, str, date, date, Mention], _Decision] = {}

    def publish(self, facts: Sequence[Outgoing], consent_of: ConsentOf, now: datetime) -> list[Released]:
        """Send each fact to exactly those who may have it now.

        Raises ``ConsentMoved`` (read on and try again), ``AuthorityUnavailable`` (wait). Then nothing was sent
        or, after a crash, what was sent is recognised by its record id.
        """
        today, reasons = now.date(), Counter[str]()
        chosen: list[tuple[Outgoing, str, Members]] = []
        for fact in facts:
            decision = self._decide(fact, consent_of, today)
            if decision.members:
                chosen.append((fact, "", decision.members))
            if decision.reasons:
                reasons.update(decision.reasons)
        released = self._send(chosen, now)
        self._decided(Counter([fact.header.category for fact, _, _ in chosen]), reasons)
        return released

    def publish_again(self, facts: Sequence[tuple[Outgoing, str]], consent_of: ConsentOf, now: datetime) -> list[Released]:
        """Send each (fact, newcomer) to the newcomer alone, under an epoch of its own, if it may have the fact now."""
        chosen = []
        for fact, newcomer in facts:
            only = tuple(m for m in self._decide(fact, consent_of, now.date()).members if m[0] == newcomer)
            if only:
                chosen.append((fact, newcomer, only))
        return self._send(chosen, now)

    def _decide(self, fact: Outgoing, consent_of: ConsentOf, today: date) -> _Decision:
        head = fact.header
        if head.category == INTERNAL:
            return _INTERNAL
        consent = consent_of(head.client_ref)
        what = mention(head)
        key = (head.client_ref, head.category, head.fact_date, today, what)
        cached = self._decisions.get(key)
        if cached is not None and cached.version == consent.version:
            return cached
        members = may_have_now(consent, self.source, head.category, head.fact_date, today, what, self._apart)
        reasons = self._reasons(consent, head, today, what, members)
        if len(self._decisions) > CACHED_DECISIONS:
            self._decisions.clear()
        decision = self._decisions[key] = _Decision(consent.version, members, reasons)
        return decision

    def _reasons(
        self, consent: ClientConsent, head: Header, today: date, what: Mention, members: Members
    ) -> tuple[str, ...]:
        """Why those that a grant names may not have the fact; to be counted, never to be shown (``consent.withheld``)."""
        scopes = consent.recipients(self.source, head.category, PURPOSE)
        reasons = tuple(
            reason
            for scope in scopes
            if (reason := consent.why_not(scope, head.fact_date, today)) is not None
            and is_for(what, scope, consent, head.fact_date, today, self._apart)
        )
        return reasons or (() if members or scopes else (NOBODY_NAMED,))

    def _send(self, chosen: Sequence[tuple[Outgoing, str, Members]], now: datetime) -> list[Released]:
        filled = [f for f in map(self._filled, chosen) if f is not None]
        if not filled:
            return []
        wanted = [Wanted(o.header.client_ref, o.header.category, lane, members) for o, lane, members in filled]
        keys = self._keyring.seal_keys(self.source, wanted)
        time = microseconds(now)
        batch = [_envelope(o, key, time) for (o, _, _), key in zip(filled, keys, strict=True)]
        positions = self._log.append(self._signer.seal(batch, [k.key for k in keys]))
        return [
            Released(o.number, lane, position, time, " ".join(r for r, _ in members))
            for (o, lane, members), position in zip(filled, positions, strict=True)
        ]

    def _filled(self, chosen: tuple[Outgoing, str, Members]) -> tuple[Outgoing, str, Members] | None:
        """An introduction leaves with the client's details, and only to the organisation it is for."""
        outgoing, lane, members = chosen
        if outgoing.header.category != IDENTITY:
            return chosen
        found = self._fill_in(outgoing.header, outgoing.data)
        if found is None:
            return None
        data, to = found
        only = tuple(m for m in members if m[0] == to)
        return (outgoing._replace(data=data), lane, only) if only else None


def _envelope(outgoing: Outgoing, key: SealKey, time: int) -> Envelope:
    head = outgoing.header
    return Envelope(record_id(head.fact_id, key.epoch), head.client_ref, time, key.locator, FACT, outgoing.data, outgoing.trace)


def may_have_now(
    consent: ClientConsent, source: str, category: str, fact_date: date, today: date, what: Mention = NOBODY,
    apart: frozenset[str] = frozenset(),
) -> Members:
    """Exactly those who may have a fact of this category and date now, each with the coverage it reads by."""
    return tuple(
        sorted(
            (scope.recipient, consent.since(scope, today, fact_date) or "")
            for scope in consent.recipients(source, category, PURPOSE)
            if consent.may_have_now(scope, fact_date, today) and is_for(what, scope, consent, fact_date, today, apart)
        )
    )


def release_change(
    signer: Signer, log: SharedLog, fact: Fact, parties: Iterable[str], key: SealKey, party_key: Callable[[str], bytes],
    now: datetime, client_party: str, behind: int, trace: str = "",
) -> tuple[int, int]:
    """Put a consent change on the client's stream: one record, a sealed part for each party.

    Only the client's own part tells who recorded it. ``behind``: a position before any attempt to put it there. The
    first that stands behind it counts, for everybody. ``trace`` as in ``Record``. Returns its position and time.
    """
    time = microseconds(now)
    parts = [(party_key(p), encode(part)) for p in sorted(parties) if (part := _part(fact, p, client_party)) is not None]
    body = seal_parts(parts)
    envelope = Envelope(record_id(fact.fact_id, key.epoch), fact.client_ref, time, key.locator, CONSENT_CHANGE, body, trace)
    position = log.first(envelope.id, fact.client_ref, behind)
    if position is None:
        log.append(signer.seal([envelope], [key.key]))
        position = log.first(envelope.id, fact.client_ref, behind)
    if position is None:
        raise LogUnavailable("what was appended is not to be found")
    return position, time


def _part(fact: Fact, party: str, client_party: str) -> Fact | None:
    if party == client_party:
        return fact
    says = part_for(party, fact.says)
    if says is None:
        return None
    if hasattr(says, "recorded_by"):
        says = replaced(says, recorded_by="", recorded_in="", place=None, witness=None)
    return replaced(fact, says=says, actor="", actor_name="", role="", command_id="")


def party_key(root: bytes, party: str, epoch: int) -> bytes:
    """The key of a party's part of one consent change; depends on no scope."""
    return derive(root, "part", party, str(epoch))
