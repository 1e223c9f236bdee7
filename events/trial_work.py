"""``trial_work``: työkokeilu at an employer, agreed by the employment services."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "trial_work"

TrialWorkOutcome = Literal["employed", "education", "back_to_activity", "new_trial", "unemployed", "other"]
InterruptReason = Literal["illness", "employers_reason", "clients_wish", "not_suitable", "other"]


class TrialWorkAgreed(Says, frozen=True, kw_only=True):
    """The agreement: employer, tasks, period, days a week and hours a day."""

    employer: str
    tasks: str
    starts_on: date
    ends_on: date
    days_per_week: int
    hours_per_day: float
    beside_activity: bool = False


class TrialWorkStarted(Says, frozen=True, kw_only=True):
    """The client began on the day it occurred."""

    trial_work: Ref


class TrialWorkExtended(Says, frozen=True, kw_only=True):
    """The agreement goes on to a later day."""

    trial_work: Ref
    ends_on: date
    days_per_week: int | None = None


class TrialWorkInterrupted(Says, frozen=True, kw_only=True):
    """Broken off before its end; the day it occurred was the last day."""

    trial_work: Ref
    reason: InterruptReason


class TrialWorkEnded(Says, frozen=True, kw_only=True):
    """Ended as agreed; the day it occurred was the last day."""

    trial_work: Ref
    outcome: TrialWorkOutcome
