"""May this pass, and why. Pure: the changes on the client's stream, a place on it and a day decide.

The rule (consent.md, "When R may have a fact"): R may hold a fact only if a grant covers it at the position
of its record and without a break until now, and the fact is dated no earlier than the grant reaches back.

At any instant the grants in force for a scope cover facts dated from some day on, the instant's *floor*
(never, where nothing is in force). A fact recorded at an instant may be held today exactly when it is
dated no earlier than every floor from that instant until today. So a scope is answered by a short staircase
of steps: what is recorded from this instant on may be held if dated from this floor on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from consent.domain import Change, Grant, Grants, Term
from events.consent import Scope
from events.envelope import INTERNAL

_CACHED_STEPS = 2000

NEVER = date.max
"""The floor where nothing is in force: no fact is dated so late."""

WithheldBecause = Literal[
    "internal", "no_consent", "refused", "withdrawn", "expired", "not_yet_valid", "before_history", "not_published_again"
]


class Step(NamedTuple):
    """Records after ``position`` whose day is ``day`` or later: may be held if dated ``floor`` or later.

    The first step after a change has the earliest day there is, so that the position decides and not a clock.
    """

    position: int
    day: date
    floor: date


Steps = tuple[Step, ...]


def allows(steps: Steps, position: int, day: date, fact_date: date) -> bool:
    """May a fact dated ``fact_date``, recorded at ``position`` on ``day``, be held? Steps as ``ClientConsent.steps``."""
    for step in reversed(steps):
        if step.position < position and step.day <= day:
            return step.floor <= fact_date
    return False


def _floor(terms: Sequence[Term], day: date) -> date:
    return min((t.floor for t in terms if t.valid_on(day)), default=NEVER)


def _days_where_it_changes(terms: Sequence[Term], first: date, last: date) -> list[date]:
    edges = {first} | {t.valid_from for t in terms} | {t.last_day + timedelta(1) for t in terms if t.last_day < date.max}
    return sorted(d for d in edges if first <= d <= last)


@dataclass(frozen=True)
class _Segment:
    """The terms of a scope between two changes on the stream; days from its first to its last."""

    position: int
    first: date
    last: date
    terms: tuple[Term, ...]

    def instants(self) -> list[Step]:
        days = _days_where_it_changes(self.terms, self.first, self.last)
        return [Step(self.position, day if n else date.min, _floor(self.terms, day)) for n, day in enumerate(days)]


def staircase(segments: Iterable[_Segment]) -> Steps:
    """The steps that still hold at the end of the last segment, oldest first."""
    steps: list[Step] = []
    highest = date.min
    for segment in reversed(list(segments)):
        for instant in reversed(segment.instants()):
            highest = max(highest, instant.floor)
            if highest == NEVER:
                return tuple(reversed(steps))
            steps.append(instant._replace(floor=highest))
    return tuple(reversed(steps))


def _name(step: Step) -> str:
    return f"{step.position}/{step.day}"


class ClientConsent:
    """The consent changes of one client as one party knows them, answering for any scope on a given day."""

    def __init__(self, changes: Iterable[Change] = ()):
        self.changes = tuple(changes)
        self.grants = Grants()
        self._history: dict[Scope, list[tuple[int, date, tuple[Term, ...]]]] = {}
        self._steps: dict[tuple[Scope, date], Steps] = {}
        self._from: dict[tuple[str, str, str], list[Scope]] = {}
        for change in self.changes:
            self._apply(change)

    @property
    def version(self) -> int:
        """Position of the last change; 0 when there is none."""
        return self.changes[-1].position if self.changes else 0

    def plus(self, change: Change) -> "ClientConsent":
        """The consent after one more change."""
        return ClientConsent((*self.changes, change))

    def _apply(self, change: Change) -> None:
        for scope in self.grants.apply(change):
            terms = tuple(self.grants.terms(scope))
            if scope not in self._history:
                self._from.setdefault((scope.source, scope.category, scope.purpose), []).append(scope)
            history = self._history.setdefault(scope, [])
            if not history or history[-1][2] != terms:  # what changes nothing here must not move an epoch
                history.append((change.position, change.day, terms))

    @property
    def scopes(self) -> Iterable[Scope]:
        """Every scope that any change ever touched."""
        return self._history.keys()

    def steps(self, scope: Scope, today: date) -> Steps:
        """The staircase of a scope on the day ``today``; empty where R may hold nothing."""
        key = (scope, today)
        found = self._steps.get(key)
        if found is None:
            if len(self._steps) > _CACHED_STEPS:
                self._steps.clear()
            found = self._steps[key] = staircase(self._segments(scope, today))
        return found

    def _segments(self, scope: Scope, today: date) -> list[_Segment]:
        history = self._history.get(scope, [])
        last_days = [*(day for _, day, _ in history[1:]), today][: len(history)]
        return [
            _Segment(position, min(first, last), last, terms)
            for (position, first, terms), last in zip(history, last_days, strict=True)
        ]

    def may_hold(self, scope: Scope, position: int, day: date, fact_date: date, today: date) -> bool:
        """May the scope's recipient hold, on ``today``, a fact recorded at ``position`` on ``day``?"""
        return allows(self.steps(scope, today), position, day, fact_date)

    def may_have_now(self, scope: Scope, fact_date: date, today: date) -> bool:
        """May a fact dated ``fact_date`` be published to the scope's recipient now?"""
        steps = self.steps(scope, today)
        return bool(steps) and steps[-1].floor <= fact_date

    def since(self, scope: Scope, today: date, fact_date: date = date.max) -> str | None:
        """Names the unbroken coverage in which facts of this date (the youngest, if left out) may be had ``today``: an
        epoch belongs to it. None: no coverage. What is older may have been covered for a shorter time."""
        return next((_name(s) for s in self.steps(scope, today) if s.floor <= fact_date), None)

    def lasts(self, scope: Scope, since: str, today: date) -> bool:
        """Is the coverage of that name unbroken for some facts until ``today``?"""
        above = NEVER
        for step in self.steps(scope, today):
            if step.floor < above and _name(step) == since:
                return True
            above = step.floor
        return False

    def recipients(self, source: str, category: str, purpose: str) -> list[Scope]:
        """The scopes that any change ever named for this source, category and purpose."""
        return self._from.get((source, category, purpose), [])

    def why_not(self, scope: Scope, fact_date: date, today: date) -> WithheldBecause | None:
        """The reason that a fact may not be published now, in the order a worker would look; None: it may."""
        if scope.category == INTERNAL:
            return "internal"
        if self.may_have_now(scope, fact_date, today):
            return None
        if self.grants.refused(scope):
            return "refused"
        grants = [g for g in self.grants.grants.values() if scope in g.starts]
        if not grants:
            return "no_consent"
        return _why_grants_do_not(grants, scope, today)

    def grounds(self, scope: Scope, today: date) -> tuple[str, ...]:
        """The grants that cover the scope today."""
        return tuple(t.grant for t in self.grants.terms(scope) if t.valid_on(today))


def _why_grants_do_not(grants: list[Grant], scope: Scope, today: date) -> WithheldBecause:
    standing = [g.term(scope) for g in grants if g.withdrawn_by is None]
    if not standing:
        return "withdrawn"
    if any(t.valid_on(today) for t in standing):
        return "before_history"
    return "not_yet_valid" if any(today < t.valid_from for t in standing) else "expired"

