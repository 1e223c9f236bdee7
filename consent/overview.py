"""What the client is told of their consents: every grant and refusal, and how far what was taken away has come."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from consent.domain import CHANGES, Change, Grant, Grants
from events.consent import (
    ConsentGiven,
    ConsentNarrowed,
    ConsentRefused,
    ConsentWithdrawn,
    Scope,
    StatutoryGroundNoted,
    TextShown,
    WithdrawalApplied,
)
from events.envelope import Fact, Says

State = Literal["in_force", "not_yet_valid", "expired", "withdrawn", "lifted"]
Applied = Mapping[str, Mapping[str, Fact]]
"""By change, by organisation: its word that it has removed what it may no longer hold."""

_RECORDED = ("text", "method", "place", "witness", "recorded_by", "recorded_in")
_BEGINS = (ConsentGiven, StatutoryGroundNoted, ConsentRefused)


class ScopeRow(msgspec.Struct, frozen=True, kw_only=True, rename={"source": "from", "recipient": "to"}):
    """What ``source`` may tell ``recipient``, for ``purpose``."""

    source: str
    recipient: str
    categories: tuple[str, ...]
    purpose: str


class SilentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that has not said that it has removed, ``since`` the change was recorded."""

    organisation: str
    since: datetime


class RemovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a withdrawal, a narrowing or a refusal has come: ``confirmed`` of ``of`` organisations."""

    confirmed: int
    of: int
    removed_by: tuple[str, ...]
    silent: tuple[SilentRow, ...]


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A later change of a grant or a refusal. ``removal`` where it took something away."""

    ref: str
    what: str
    on: date
    recorded_at: datetime
    method: str
    place: str | None
    recorded_by: str
    recorded_in: str
    removal: RemovalRow | None


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """One grant or refusal as it now stands. ``instrument`` tells which. ``valid_until`` is the last day included,
    null until further notice; what only a consent has is null for others."""

    grant: str
    version: int
    instrument: str
    state: State
    legal_ground: str | None
    scopes: tuple[ScopeRow, ...]
    on: date
    recorded_at: datetime
    valid_from: date | None
    valid_until: date | None
    history_since: date | None
    text: TextShown | None
    method: str | None
    place: str | None
    witness: str | None
    recorded_by: str | None
    recorded_in: str | None
    removal: RemovalRow | None
    changes: tuple[ChangeRow, ...]


def consents_view(own: Iterable[Fact], told: Iterable[Fact], today: date) -> list[ConsentView]:
    """Every grant and refusal of one client, in the order they were recorded.

    ``own`` is the client's file at the authority; ``told`` what other organisations have told the client.
    """
    own = tuple(own)
    changes = sorted((f for f in own if isinstance(f.says, CHANGES)), key=lambda f: f.source_seq)
    applied = _applied((*own, *told))
    grants, removals = Grants(), dict[str, RemovalRow]()
    for fact in changes:
        affected = _affected(grants, fact.says)
        if affected:
            removals[fact.ref] = _removal(affected, applied.get(fact.ref, {}), fact.recorded_at)
        grants.apply(Change(fact.source_seq, fact.recorded_at.date(), fact.ref, fact.says))
    return [_row(f, changes, grants, removals, today) for f in changes if isinstance(f.says, _BEGINS)]


def _applied(facts: Iterable[Fact]) -> Applied:
    applied: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        if isinstance(fact.says, WithdrawalApplied):
            applied.setdefault(fact.says.change, {})[fact.organisation] = fact
    return applied


def _affected(before: Grants, change: Says) -> frozenset[str]:
    """Who may hold what the change takes away, and so is to remove it."""
    match change:
        case ConsentWithdrawn(grant=ref):
            return _recipients(before.grants[ref].starts)
        case ConsentNarrowed(grant=ref, removed=removed):
            grant = before.grants[ref]
            same_terms = (grant.valid_until, grant.history_since) == (change.valid_until, change.history_since)
            return _recipients(removed if same_terms else grant.starts)
        case ConsentRefused(scopes=scopes):
            return _recipients(s for s in scopes if before.terms(s))
    return frozenset()


def _recipients(scopes: Iterable[Scope]) -> frozenset[str]:
    return frozenset(s.recipient for s in scopes)


def _removal(affected: frozenset[str], applied: Mapping[str, Fact], since: datetime) -> RemovalRow:
    done = sorted(affected & applied.keys())
    silent = tuple(SilentRow(organisation=o, since=since) for o in sorted(affected - applied.keys()))
    return RemovalRow(confirmed=len(done), of=len(affected), removed_by=tuple(done), silent=silent)


def _row(
    fact: Fact, changes: list[Fact], grants: Grants, removals: Mapping[str, RemovalRow], today: date
) -> ConsentView:
    later = [f for f in changes if fact.ref in (getattr(f.says, "grant", None), getattr(f.says, "refusal", None))]
    grant = grants.grants.get(fact.ref)
    return ConsentView(
        grant=fact.ref,
        version=grant.version if grant else 1,
        instrument=grant.instrument if grant else "refusal",
        state=_state(grant, today) if grant else "lifted" if later else "in_force",
        legal_ground=grant.legal_ground if grant else None,
        scopes=scope_rows(grant.scopes if grant else fact.says.scopes),  # type: ignore[attr-defined]
        on=fact.occurred_on,
        recorded_at=fact.recorded_at,
        valid_from=grant.valid_from if grant else None,
        valid_until=grant.valid_until if grant else None,
        history_since=grant.history_since if grant else None,
        removal=removals.get(fact.ref),
        changes=tuple(_change(f, removals.get(f.ref)) for f in later),
        **{f: getattr(fact.says, f, None) for f in _RECORDED},
    )


def _state(grant: Grant, today: date) -> State:
    if grant.withdrawn_by is not None:
        return "withdrawn"
    if today < grant.valid_from:
        return "not_yet_valid"
    return "in_force" if today <= grant.last_day else "expired"


def scope_rows(scopes: Iterable[Scope]) -> tuple[ScopeRow, ...]:
    """One row for each pair of organisations and purpose, with its categories."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for scope in sorted(scopes):
        rows.setdefault((scope.source, scope.recipient, scope.purpose), []).append(scope.category)
    return tuple(
        ScopeRow(source=source, recipient=recipient, categories=tuple(categories), purpose=purpose)
        for (source, recipient, purpose), categories in rows.items()
    )


_WHAT = {
    "ConsentNarrowed": "narrowed",
    "ConsentExtended": "extended",
    "ConsentWithdrawn": "withdrawn",
    "RefusalLifted": "lifted",
}


def _change(fact: Fact, removal: RemovalRow | None) -> ChangeRow:
    fields = {f: getattr(fact.says, f) for f in ("method", "place", "recorded_by", "recorded_in")}
    what = _WHAT[fact.name]
    return ChangeRow(
        ref=fact.ref, what=what, on=fact.occurred_on, recorded_at=fact.recorded_at, removal=removal, **fields
    )
