"""Statements: written by the employment coach; corrected or cancelled with a reason, never erased."""

from datetime import date

from pydantic import Field

from events.statement import Measure
from services.kit.command import Command, Reference, Text, Weekdays, roles

COACH = roles("employment_coach")


class OfStatement(Command):
    """What is said of a statement given."""

    statement: Reference | None = Field(
        default=None, description="The statement; may be left out where only one stands."
    )
    reason: Text


class GiveStatement(Command):
    """State that the client takes part in a measure from–until (last day included), so many days a week."""

    roles = COACH
    measure: Measure
    measure_ref: Reference | None = Field(
        default=None, description="The measure's entry, another organisation's included: its id and no more."
    )
    from_day: date
    until: date
    days_per_week: Weekdays
    paying: bool


class CorrectStatement(OfStatement):
    """Change what the statement says. What is left out stays as it was; the earlier wording stays in the file."""

    roles = COACH
    from_day: date | None = None
    until: date | None = None
    days_per_week: Weekdays | None = None
    paying: bool | None = None


class CancelStatement(OfStatement):
    """The statement is void from the beginning."""

    roles = COACH
