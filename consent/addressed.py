"""Answers: a contract's ground carries a fee's answer to the one who asked, and to nobody else with such a contract."""

from datetime import date
from functools import lru_cache

import msgspec

from consent.policy import ClientConsent
from events.codec import Header
from events.consent import Scope
from events.envelope import Fact
from events.fee import CATEGORY


class _Answer(msgspec.Struct):
    to: str | None = None


_answer = msgspec.json.Decoder(_Answer)


def addressee(head: Header) -> str | None:
    """The organisation that is answered; None where the fact answers nobody."""
    return _to(bytes(head.says)) if head.category == CATEGORY else None


@lru_cache(1000)
def _to(says: bytes) -> str | None:
    return _answer.decode(says).to


def answered(fact: Fact) -> str | None:
    """As ``addressee``, of a whole fact."""
    return getattr(fact.says, "to", None) if fact.category == CATEGORY else None


def is_for(to: str | None, scope: Scope, consent: ClientConsent, fact_date: date, today: date) -> bool:
    """False where the fact answers somebody else and only a statutory ground covers the scope."""
    return to in (None, scope.recipient) or any(
        term.instrument != "statutory" and term.valid_on(today) and term.floor <= fact_date
        for term in consent.grants.terms(scope)
    )
