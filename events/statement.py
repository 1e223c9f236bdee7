"""``statement``: the employment coach's statements, on which Kela pays benefits, and endorsements."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "statement"

Measure = Literal["activity", "trial_work", "coaching", "service"]
EndorsementKind = Literal["trial_work", "pay_subsidy"]


class StatementGiven(Says, frozen=True, kw_only=True):
    """The client takes part in ``measure`` from–until (last day included), so many days a week."""

    measure: Measure
    measure_ref: Ref | None = None
    from_day: date
    until: date
    days_per_week: int
    paying: bool


class StatementCorrected(Says, frozen=True, kw_only=True):
    """What the statement says from now on. The earlier wording stays in the file."""

    statement: Ref
    from_day: date
    until: date
    days_per_week: int
    paying: bool
    reason: str


class StatementCancelled(Says, frozen=True, kw_only=True):
    """The statement is void from the beginning. It is never erased."""

    statement: Ref
    reason: str


class EndorsementGiven(Says, frozen=True, kw_only=True):
    """A puolto, recorded in advance so that a later step needs no new paperwork."""

    endorses: EndorsementKind
    valid_until: date | None = None
    conditions: str | None = None


class EndorsementCancelled(Says, frozen=True, kw_only=True):
    """The endorsement no longer holds."""

    endorsement: Ref
    reason: str
