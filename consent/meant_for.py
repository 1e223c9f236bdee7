"""Facts that are for some of those who may have their category, and for others not.

- A contract's ground carries a fee's answer to the one who asked, and to nobody else with such a contract.
- Providers stand apart: two of them must not see each other's cases (domain brief, section 2). A referral to one, or a
  meeting with one, is not told to another that it does not name, though the other may have referrals and meetings.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec

from consent.policy import ClientConsent
from events import case, fee, referral
from events.codec import Header
from events.consent import Scope
from events.envelope import Fact

NAMING = frozenset({case.CATEGORY, referral.CATEGORY, fee.CATEGORY})
"""Categories whose facts name organisations that they are about."""


class Mention(NamedTuple):
    """Whom a fact answers, and every organisation that it is about."""

    answers: str | None = None
    named: frozenset[str] = frozenset()


class _Names(msgspec.Struct):
    to: str | None = None
    participants: tuple[str, ...] = ()


NOBODY = Mention()
_names = msgspec.json.Decoder(_Names)


def mention(head: Header) -> Mention:
    """What a fact's envelope and its fields of names tell."""
    return _mention(head.category, bytes(head.says)) if head.category in NAMING else NOBODY


@lru_cache(1000)
def _mention(category: str, says: bytes) -> Mention:
    names = _names.decode(says)
    return _of(category, names.to, names.participants)


def mention_of(fact: Fact) -> Mention:
    """As ``mention``, of a whole fact."""
    if fact.category not in NAMING:
        return NOBODY
    return _of(fact.category, getattr(fact.says, "to", None), getattr(fact.says, "participants", ()))


def _of(category: str, to: str | None, participants: tuple[str, ...]) -> Mention:
    named = frozenset((*participants, *((to,) if to else ())))
    return Mention(to if category == fee.CATEGORY else None, named)


def is_for(
    what: Mention, scope: Scope, consent: ClientConsent, fact_date: date, today: date, apart: frozenset[str]
) -> bool:
    """Is the fact for the scope's recipient? ``apart`` are the organisations that stand apart from each other."""
    recipient = scope.recipient
    if recipient in apart and recipient not in what.named and what.named & apart:
        return False
    return what.answers in (None, recipient) or any(
        term.instrument != "statutory" and term.valid_on(today) and term.floor <= fact_date
        for term in consent.grants.terms(scope)
    )
