"""The life of a client's grants, folded from the consent changes on the client's stream.

A party folds the parts it was told, the authority folds all of them; for the scopes that both know the
result is the same, because both fold the same changes at the same positions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec

from events.consent import (
    ConsentExtended,
    ConsentGiven,
    ConsentNarrowed,
    ConsentRefused,
    ConsentWithdrawn,
    RefusalLifted,
    Scope,
    StatutoryGroundNoted,
)
from events.envelope import Says
from events.structs import replaced

CHANGES = (
    ConsentGiven,
    ConsentNarrowed,
    ConsentExtended,
    ConsentWithdrawn,
    ConsentRefused,
    RefusalLifted,
    StatutoryGroundNoted,
)


class UnknownGrant(LookupError):
    """A change of a grant that was never told."""


class Change(msgspec.Struct, frozen=True):
    """One consent change at its place on the client's stream. ``day`` is the day of the record's time."""

    position: int
    day: date
    ref: str
    says: Says


@dataclass(frozen=True)
class Term:
    """A grant as it covers one scope: valid from–until (last day included), facts dated ``floor`` or later."""

    grant: str
    instrument: str
    valid_from: date
    valid_until: date | None
    floor: date

    @property
    def last_day(self) -> date:
        return self.valid_until or date.max

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.last_day


@dataclass(frozen=True)
class Grant:
    """One grant as it now stands. ``withdrawn_by`` names the withdrawal.

    ``starts``: for each scope the day from which it covers facts where the grant has no history: the grant's first
    day, the day of signing where the scope was added or an expired grant extended, the day a refusal was lifted.
    """

    ref: str
    version: int
    instrument: str
    legal_ground: str
    valid_from: date
    valid_until: date | None
    history_since: date | None
    starts: dict[Scope, date]
    withdrawn_by: str | None = None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(sorted(self.starts))

    @property
    def last_day(self) -> date:
        return self.valid_until or date.max

    def term(self, scope: Scope) -> Term:
        floor = self.history_since or self.starts[scope]
        return Term(self.ref, self.instrument, self.valid_from, self.valid_until, floor)


@dataclass
class Grants:
    """All grants and refusals of one client at one position. Changed only by ``apply``."""

    grants: dict[str, Grant] = field(default_factory=dict)
    refusals: dict[str, tuple[Scope, ...]] = field(default_factory=dict)

    def apply(self, change: Change) -> frozenset[Scope]:
        """Take a change in. Returns the scopes that it touched."""
        match change.says:
            case ConsentGiven() | StatutoryGroundNoted():
                return self._give(change, change.says)
            case ConsentNarrowed():
                return self._narrow(change, change.says)
            case ConsentExtended():
                return self._extend(change, change.says)
            case ConsentWithdrawn(grant=ref):
                return self._withdraw(change, ref)
            case ConsentRefused(scopes=scopes):
                self.refusals[change.ref] = scopes
                return frozenset(scopes)
            case RefusalLifted(refusal=ref):
                return self._lift(change, ref)
        raise TypeError(f"{type(change.says).__name__} is no consent change")

    @property
    def statutory(self) -> frozenset[Scope]:
        """The scopes that a statutory ground has been noted for."""
        return frozenset(s for g in self.grants.values() if g.instrument == "statutory" for s in g.starts)

    def refused(self, scope: Scope) -> bool:
        return any(scope in scopes for scopes in self.refusals.values())

    def terms(self, scope: Scope) -> list[Term]:
        """What covers the scope, apart from days: a refusal beats all but a statutory ground."""
        refused = self.refused(scope)
        return [
            g.term(scope)
            for g in self.grants.values()
            if scope in g.starts and g.withdrawn_by is None and not (refused and g.instrument != "statutory")
        ]

    def _give(self, change: Change, says: ConsentGiven | StatutoryGroundNoted) -> frozenset[Scope]:
        self.grants[change.ref] = Grant(
            ref=change.ref,
            version=1,
            instrument=getattr(says, "instrument", "statutory"),
            legal_ground=says.legal_ground,
            valid_from=says.valid_from,
            valid_until=says.valid_until,
            history_since=says.history_since,
            starts=dict.fromkeys(says.scopes, says.valid_from),
        )
        return frozenset(says.scopes)

    def _narrow(self, change: Change, says: ConsentNarrowed) -> frozenset[Scope]:
        old = self._known(says.grant)
        self.grants[says.grant] = replace(
            old,
            version=says.grant_version,
            starts={s: start for s, start in old.starts.items() if s not in says.removed},
            history_since=says.history_since,
            valid_until=says.valid_until,
        )
        return frozenset(old.starts)

    def _extend(self, change: Change, says: ConsentExtended) -> frozenset[Scope]:
        old = self.grants.get(says.grant)
        starts = dict(old.starts) if old is not None else {}
        if old is not None and old.last_day < change.day <= (says.valid_until or date.max):
            starts = {s: max(start, says.from_day) for s, start in starts.items()}  # the time between stays closed
        starts |= {s: max(says.from_day, says.valid_from) for s in says.added if s not in starts}
        self.grants[says.grant] = Grant(
            ref=says.grant,
            version=says.grant_version,
            instrument=says.instrument,
            legal_ground=says.legal_ground,
            valid_from=says.valid_from,
            valid_until=says.valid_until,
            history_since=says.history_since,
            starts=starts,
        )
        return frozenset(starts)

    def _withdraw(self, change: Change, ref: str) -> frozenset[Scope]:
        self.grants[ref] = replace(self._known(ref), withdrawn_by=change.ref)
        return frozenset(self.grants[ref].starts)

    def _known(self, ref: str) -> Grant:
        try:
            return self.grants[ref]
        except KeyError:
            raise UnknownGrant(ref) from None

    def _lift(self, change: Change, ref: str) -> frozenset[Scope]:
        scopes = self.refusals.pop(ref, ())
        for scope in scopes:
            if not self.refused(scope):
                self._begin_again(scope, change.day)
        return frozenset(scopes)

    def _begin_again(self, scope: Scope, day: date) -> None:
        """After a refusal is lifted a consent without history covers only what is dated from then on."""
        for ref, grant in self.grants.items():
            if scope in grant.starts and grant.instrument != "statutory":
                self.grants[ref] = replace(grant, starts=grant.starts | {scope: max(grant.starts[scope], day)})


def part_for(party: str, change: Says) -> Says | None:
    """The change with only the scopes in which ``party`` gives or receives; None where nothing is left to tell.

    Changes that name no scope (a withdrawal, a later last day) go to every party of the grant: the caller
    knows which those are (``parties``).
    """
    own = {f: _own(party, getattr(change, f)) for f in ("scopes", "added", "removed") if hasattr(change, f)}
    if isinstance(change, ConsentGiven | ConsentRefused | StatutoryGroundNoted) and not own["scopes"]:
        return None
    return replaced(change, **own)


def _own(party: str, scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    return tuple(s for s in scopes if party in (s.source, s.recipient))


def parties(scopes: Iterable[Scope]) -> frozenset[str]:
    """Everybody who gives or receives in these scopes."""
    return frozenset(p for s in scopes for p in (s.source, s.recipient))


def told(grants: Grants, change: Says) -> frozenset[str]:
    """The parties that must be told of ``change``, given the grants before it (beside the client, always told)."""
    match change:
        case ConsentGiven(scopes=scopes) | ConsentRefused(scopes=scopes) | StatutoryGroundNoted(scopes=scopes):
            return parties(scopes)
        case ConsentNarrowed(grant=ref, removed=removed) if _same_terms(grants.grants[ref], change):
            return parties(removed)
        case ConsentExtended(grant=ref, added=added) if _same_terms(grants.grants[ref], change):
            return parties(added)
        case ConsentNarrowed(grant=ref) | ConsentWithdrawn(grant=ref):
            return parties(grants.grants[ref].starts)
        case ConsentExtended(grant=ref, added=added):
            return parties((*grants.grants[ref].starts, *added))
        case RefusalLifted(refusal=ref):
            return parties(grants.refusals.get(ref, ()))
    raise TypeError(f"{type(change).__name__} is no consent change")


def _same_terms(grant: Grant, change: ConsentNarrowed | ConsentExtended) -> bool:
    return (grant.valid_until, grant.history_since) == (change.valid_until, change.history_since)


def fold(changes: Iterable[Change]) -> Grants:
    """The grants after these changes, which are in order of position."""
    grants = Grants()
    for change in changes:
        grants.apply(change)
    return grants
