"""What the client is told of who has asked for their data (act 703/2023 § 11)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from events.consent import ClientRefAsked, ConsentGiven, PathOpened, PathRefused, StatutoryGroundNoted
from events.envelope import Fact

CLIENT = "client"
_GROUNDS = (ConsentGiven, StatutoryGroundNoted)


class GroundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A grant by which something was shown, with its legal ground in words."""

    grant: str
    legal_ground: str | None


class DisclosureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One time that somebody asked. ``opened`` means "may have been seen" of others' ``categories``; none of them
    where only the organisation's own was shown. ``reference_asked``: it took the client into its register."""

    at: datetime
    kind: Literal["opened", "refused", "reference_asked"]
    organisation: str
    person: str
    person_id: str
    role: str
    purpose: str | None = None
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    grounds: tuple[GroundRow, ...] = ()
    as_of: date | None = None
    through: str | None = None
    reason: str | None = None


def disclosures_view(own: Iterable[Fact], told: Iterable[Fact]) -> list[DisclosureRow]:
    """Everything of one client's, in order of time; the client's own looks at their own path aside.

    ``own`` is the client's file at the client's own place; ``told`` what other organisations have told the client.
    """
    own = tuple(own)
    words = {f.ref: f.says.legal_ground for f in own if isinstance(f.says, _GROUNDS)}
    others = (f for f in own if not (isinstance(f.says, PathOpened) and f.says.viewer_role == CLIENT))
    rows = (_row(fact, words) for fact in (*others, *told))
    return sorted((r for r in rows if r is not None), key=lambda r: (r.at, r.organisation))


def _row(fact: Fact, words: Mapping[str, str]) -> DisclosureRow | None:
    match fact.says:
        case PathOpened() as says:
            return DisclosureRow(
                at=fact.recorded_at, kind="opened", organisation=fact.organisation, person=fact.actor_name,
                person_id=fact.actor, role=says.viewer_role, purpose=says.purpose, categories=says.categories,
                sources=says.sources, as_of=says.as_of, through=says.through,
                grounds=tuple(GroundRow(grant=g, legal_ground=words.get(g)) for g in says.grounds),
            )
        case PathRefused(viewer_role=role, reason=reason):
            return DisclosureRow(
                at=fact.recorded_at, kind="refused", organisation=fact.organisation, person=fact.actor_name,
                person_id=fact.actor, role=role, reason=reason,
            )
        case ClientRefAsked(organisation=organisation, asked_at=at):
            return DisclosureRow(
                at=at, kind="reference_asked", organisation=organisation, person=fact.actor_name, person_id=fact.actor,
                role=fact.role,
            )
    return None
