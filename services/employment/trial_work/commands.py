"""Trial work, agreed by the employment services with the client and the employer."""

from datetime import date

from pydantic import Field

from events.trial_work import InterruptReason, TrialWorkOutcome
from services.kit.command import Command, Hours, Reference, Short, Text, Weekdays, roles

COACH = roles("employment_coach")


class OfTrialWork(Command):
    """What is said of trial work agreed."""

    trial_work: Reference | None = Field(
        default=None, description="The agreement; may be left out where only one can be meant."
    )


class AgreeTrialWork(Command):
    """Make the agreement: employer, tasks, period, days a week and hours a day."""

    roles = COACH
    employer: Short = Field(description="The employer's name.")
    tasks: Text = Field(description="What the client does there.")
    starts_on: date = Field(description="The first agreed day.")
    ends_on: date = Field(description="The last agreed day.")
    days_per_week: Weekdays = Field(description="Days a week: 1–5.")
    hours_per_day: Hours = Field(description="Hours a day.")
    beside_activity: bool = Field(default=False, description="Rehabilitative work activity goes on side by side.")


class StartTrialWork(OfTrialWork):
    """Record that the client began."""

    roles = COACH


class ExtendTrialWork(OfTrialWork):
    """The agreement goes on to a later day."""

    roles = COACH
    ends_on: date = Field(description="The new last day, later than the present one.")
    days_per_week: Weekdays | None = Field(default=None, description="Days a week from now on; as before, if left out.")


class InterruptTrialWork(OfTrialWork):
    """Trial work was broken off before its end; this day was its last."""

    roles = COACH
    reason: InterruptReason = Field(description="Why it was broken off.")


class EndTrialWork(OfTrialWork):
    """Trial work ended as agreed; this day was its last."""

    roles = COACH
    outcome: TrialWorkOutcome = Field(description="What came of it.")
