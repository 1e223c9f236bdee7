"""The oracle: the rule of consent.md ("When R may have a fact", "Changes") told again, naive and slow.

It knows the stream (changes and records at their positions, each with its day) and walks it change by change and
day by day. It shares no code with ``consent``. Where consent.md leaves a choice, these readings are taken:

- cover may pass from one grant to another, as long as at every moment some grant covers the fact;
- where a grant has no history it reaches back to the day on which the scope came into it: the grant's start; the day
  of signing for a scope added later; the day of signing of an extension that wakes an expired grant; the day on
  which a refusal was lifted (the time between stays closed).
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

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

ONE_DAY = timedelta(1)


class Changed(NamedTuple):
    """A consent change at its place. ``ref`` is its fact's id."""

    position: int
    day: date
    ref: str
    says: Says


@dataclass
class Given:
    """A grant as it stands. ``starts``: for each scope the day it came into the grant."""

    statutory: bool
    valid_from: date
    valid_until: date | None
    history_since: date | None
    starts: dict[Scope, date]

    def covers(self, scope: Scope, fact_date: date, day: date) -> bool:
        if scope not in self.starts or day < self.valid_from or (self.valid_until and day > self.valid_until):
            return False
        return fact_date >= (self.history_since or self.starts[scope])

    def start_again(self, day: date) -> None:
        self.starts = {s: max(start, day) for s, start in self.starts.items()}


@dataclass
class State:
    """The client's consents between two changes."""

    grants: dict[str, Given] = field(default_factory=dict)
    refusals: dict[str, frozenset[Scope]] = field(default_factory=dict)

    def covers(self, scope: Scope, fact_date: date, day: date) -> bool:
        refused = any(scope in scopes for scopes in self.refusals.values())
        return any(g.covers(scope, fact_date, day) for g in self.grants.values() if g.statutory or not refused)

    def apply(self, change: Changed) -> None:
        match change.says:
            case ConsentGiven() | StatutoryGroundNoted() as says:
                statutory = isinstance(says, StatutoryGroundNoted)
                starts = dict.fromkeys(says.scopes, says.valid_from)
                self.grants[change.ref] = Given(
                    statutory, says.valid_from, says.valid_until, says.history_since, starts
                )
            case ConsentNarrowed() as says:
                grant = self.grants[says.grant]
                grant.starts = {s: start for s, start in grant.starts.items() if s not in says.removed}
                grant.valid_until, grant.history_since = says.valid_until, says.history_since
            case ConsentExtended() as says:
                self._extend(self.grants[says.grant], says, change.day)
            case ConsentWithdrawn() as says:
                del self.grants[says.grant]
            case ConsentRefused() as says:
                self.refusals[change.ref] = frozenset(says.scopes)
            case RefusalLifted() as says:
                self._lift(self.refusals.pop(says.refusal), change.day)

    def _extend(self, grant: Given, says: ConsentExtended, day: date) -> None:
        if grant.valid_until and grant.valid_until < day <= (says.valid_until or date.max):
            grant.start_again(says.from_day)
        for scope in says.added:
            grant.starts.setdefault(scope, max(says.from_day, grant.valid_from))
        grant.valid_until, grant.history_since = says.valid_until, says.history_since

    def _lift(self, scopes: frozenset[Scope], day: date) -> None:
        for scope in scopes:
            if not any(scope in others for others in self.refusals.values()):
                for grant in self.grants.values():
                    if scope in grant.starts and not grant.statutory:
                        grant.starts[scope] = max(grant.starts[scope], day)


class Oracle:
    """One client's stream of changes, answering for any scope, fact, place and day."""

    def __init__(self) -> None:
        self.changes: list[Changed] = []
        self.states: list[State] = [State()]

    def hear(self, change: Changed) -> None:
        state = deepcopy(self.states[-1])
        state.apply(change)
        self.changes.append(change)
        self.states.append(state)

    @property
    def now(self) -> State:
        return self.states[-1]

    def before(self, position: int) -> int:
        """How many changes stand before a position."""
        return sum(c.position < position for c in self.changes)

    def scopes(self) -> set[Scope]:
        """Every scope that any change ever named."""
        named: set[Scope] = set()
        for change in self.changes:
            for name in ("scopes", "added", "removed"):
                named |= set(getattr(change.says, name, ()))
        return named

    def may_have(self, scope: Scope, fact_date: date, day: date, after: int | None = None) -> bool:
        """Does a grant cover the fact on ``day``, after so many changes (all of them, if left out)?"""
        return self.states[-1 if after is None else after].covers(scope, fact_date, day)

    def may_hold(
        self, scope: Scope, fact_date: date, position: int, day: date, today: date, changes: int | None = None
    ) -> bool:
        """Has cover lasted from the record at ``position`` on ``day`` without a break until ``today``, going by the
        first so many ``changes`` (all of them, if left out)?"""
        known = len(self.changes) if changes is None else changes
        moments = self._moments(min(self.before(position), known), day, today, known)
        return all(self.states[after].covers(scope, fact_date, at) for after, at in moments)

    def _moments(self, after: int, day: date, today: date, known: int) -> Iterator[tuple[int, date]]:
        """(changes so far, day) for every day and every change from a record until today."""
        for number in range(after, known + 1):
            until = self.changes[number].day if number < known else today
            for at in _days(day, until):
                yield number, at
            day = until


def _days(first: date, last: date) -> Sequence[date]:
    return [first + n * ONE_DAY for n in range(max((last - first).days, 0) + 1)]
