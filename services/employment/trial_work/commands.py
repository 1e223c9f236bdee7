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
    employer: Short
    tasks: Text
    starts_on: date
    ends_on: date
    days_per_week: Weekdays
    hours_per_day: Hours
    beside_activity: bool = Field(default=False, description="Rehabilitative work activity goes on side by side.")


class StartTrialWork(OfTrialWork):
    """Record that the client began."""

    roles = COACH


class ExtendTrialWork(OfTrialWork):
    """The agreement goes on to a later day."""

    roles = COACH
    ends_on: date
    days_per_week: Weekdays | None = None


class InterruptTrialWork(OfTrialWork):
    """Trial work was broken off before its end; this day was its last."""

    roles = COACH
    reason: InterruptReason


class EndTrialWork(OfTrialWork):
    """Trial work ended as agreed; this day was its last."""

    roles = COACH
    outcome: TrialWorkOutcome
