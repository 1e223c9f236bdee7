"""Consent changes for tests, at positions 10, 20, 30 …; the grant or refusal made at position 10 is called "10"."""

from datetime import date
from typing import Any

from consent.domain import Change
from consent.policy import ClientConsent
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

HOW: Any = {"method": "electronic", "recorded_by": "testi", "recorded_in": "oma-polku"}
Says_on = tuple[str, Says]


def scope(source: str = "social", recipient: str = "employment", category: str = "activity", purpose: Any = "service_coordination") -> Scope:
    return Scope(source=source, recipient=recipient, category=category, purpose=purpose)


THE = scope()


def day(text: str) -> date:
    return date.fromisoformat(text)


def ref(at: int) -> str:
    """The grant or refusal made at a position."""
    return f"{at:032x}"


def _day(text: str | None) -> date | None:
    return None if text is None else day(text)


def given(*scopes: Scope, since: str, until: str | None = None, history: str | None = None) -> ConsentGiven:
    return ConsentGiven(
        legal_ground="x", scopes=scopes or (THE,), valid_from=day(since), valid_until=_day(until), history_since=_day(history), **HOW
    )


def statutory(*scopes: Scope, since: str, until: str | None = None) -> StatutoryGroundNoted:
    return StatutoryGroundNoted(legal_ground="act", scopes=scopes or (THE,), valid_from=day(since), valid_until=_day(until))


def narrowed(at: int, *removed: Scope, until: str | None = None, history: str | None = None, version: int = 2) -> ConsentNarrowed:
    return ConsentNarrowed(
        grant=ref(at), grant_version=version, removed=removed, valid_until=_day(until), history_since=_day(history), **HOW
    )


def extended(
    at: int, *added: Scope, on: str, since: str, until: str | None = None, history: str | None = None
) -> ConsentExtended:
    return ConsentExtended(
        grant=ref(at), grant_version=2, legal_ground="x", added=added, from_day=day(on), valid_from=day(since),
        valid_until=_day(until), history_since=_day(history), **HOW,
    )


def withdrawn(at: int) -> ConsentWithdrawn:
    return ConsentWithdrawn(grant=ref(at), **HOW)


def refused(*scopes: Scope) -> ConsentRefused:
    return ConsentRefused(scopes=scopes or (THE,), **HOW)


def lifted(at: int) -> RefusalLifted:
    return RefusalLifted(refusal=ref(at), **HOW)


def changes(*told: Says_on) -> list[Change]:
    """What was said on which day, in the order of the log."""
    return [Change(10 * n, day(on), ref(10 * n), says) for n, (on, says) in enumerate(told, start=1)]


def consent(*told: Says_on) -> ClientConsent:
    return ClientConsent(changes(*told))
