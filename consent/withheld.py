"""What stayed at home and why: computed from the file, the publications and consent, for the source's own workers."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from consent.meant_for import is_for, mention_of
from consent.policy import ClientConsent, WithheldBecause, allows
from consent.release import PURPOSE
from events.consent import Scope
from events.envelope import INTERNAL, Fact
from events.shared_log import day_of

CLIENTS_OWN = "consent"
"""Disclosures and changes of consent go to the client alone: of them nothing is withheld."""

NAMING = ("to", "participants", "parties", "party", "funder", "sender", "carried_out_by", "home")
"""Fields of facts that may name organisations."""


class Record(NamedTuple):
    """Where and for whom a fact was published."""

    position: int
    time: int
    recipients: frozenset[str]


class Withheld(NamedTuple):
    """A fact that an organisation named by it, or by a grant to this source, may not have now."""

    fact_id: str
    client_ref: str
    occurred_on: date
    name: str
    category: str
    recipient: str
    reason: WithheldBecause


def named_in(fact: Fact, organisations: frozenset[str]) -> frozenset[str]:
    """The organisations that the fact itself names."""
    values = [getattr(fact.says, field, None) for field in NAMING]
    flat = [v for value in values for v in (value if isinstance(value, tuple) else (value,))]
    return organisations & {v for v in flat if isinstance(v, str)}


def published_to(
    recipient: str, fact_date: date, records: Iterable[Record], consent: ClientConsent, scope: Scope, today: date
) -> bool:
    """Has the fact been validly published to the recipient: by a record that it may still hold?"""
    steps = consent.steps(scope, today)
    return any(recipient in r.recipients and allows(steps, r.position, day_of(r.time), fact_date) for r in records)


def withheld(
    facts: Iterable[Fact], records: dict[str, list[Record]], consent: ClientConsent, source: str,
    organisations: frozenset[str], today: date, apart: frozenset[str] = frozenset(),
) -> list[Withheld]:
    """For every fact of the file, each organisation named by it or by any grant to this source that has it not.

    ``records`` by fact_id. Internal facts name nobody: they are not withheld, they are one's own.
    """
    granted = {s.recipient for s in consent.scopes if s.source == source}
    found = []
    for fact in facts:
        if fact.category in (INTERNAL, CLIENTS_OWN):
            continue
        for recipient in sorted((granted | named_in(fact, organisations)) - {source}):
            reason = _why(fact, recipient, records.get(fact.fact_id, []), consent, source, today, apart)
            if reason is not None:
                row = Withheld(
                    fact.fact_id, fact.client_ref, fact.occurred_on, fact.name, fact.category, recipient, reason
                )
                found.append(row)
    return found


def _why(
    fact: Fact, recipient: str, records: list[Record], consent: ClientConsent, source: str, today: date,
    apart: frozenset[str],
) -> WithheldBecause | None:
    if fact.category == "identity" and recipient != getattr(fact.says, "to", None):
        return None
    scope = Scope(source=source, recipient=recipient, category=fact.category, purpose=PURPOSE)
    if not is_for(mention_of(fact), scope, consent, fact.fact_date, today, apart):
        return None
    if published_to(recipient, fact.fact_date, records, consent, scope, today):
        return None
    return consent.why_not(scope, fact.fact_date, today) or "not_published_again"
