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
    reason: Text = Field(description="Why: it stays beside the statement.")


class GiveStatement(Command):
    """State that the client takes part in a measure from–until (last day included), so many days a week."""

    roles = COACH
    measure: Measure = Field(description="What the client takes part in.")
    measure_ref: Reference | None = Field(
        default=None, description="The measure's entry, another organisation's included: its id and no more."
    )
    from_day: date = Field(description="The first day.")
    until: date = Field(description="The last day, included.")
    days_per_week: Weekdays = Field(description="Days a week: 1–5.")
    paying: bool = Field(description="Whether Kela pays a benefit on it.")


class CorrectStatement(OfStatement):
    """Change what the statement says. What is left out stays as it was; the earlier wording stays in the file."""

    roles = COACH
    from_day: date | None = Field(default=None, description="The right first day.")
    until: date | None = Field(default=None, description="The right last day.")
    days_per_week: Weekdays | None = Field(default=None, description="The right days a week.")
    paying: bool | None = Field(default=None, description="Whether Kela pays a benefit on it.")


class CancelStatement(OfStatement):
    """The statement is void from the beginning."""

    roles = COACH
