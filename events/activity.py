"""``activity``: rehabilitative work activity (act 189/2001, chapter 4)."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "activity"

PauseReason = Literal["trial_work", "sick_leave", "family_reason", "holiday", "other_service", "other"]
ActivityEndReason = Literal[
    "period_ended", "trial_work", "employment", "education", "rehabilitation", "sick_leave", "pension",
    "clients_wish", "moved", "other",
]
AbsenceReason = Literal["own_illness", "childs_illness", "other_accepted", "not_accepted"]


class ActivityDecided(Says, frozen=True, kw_only=True):
    """The decision on a period of activity: 3–24 months, 1–4 days a calendar week, at least 4 hours a
    day (act 189/2001 § 13). ``follows`` names the period that this one continues."""

    starts_on: date
    ends_on: date
    days_per_week: int
    hours_per_day: float
    place: str
    carried_out_by: str | None = None
    follows: Ref | None = None


class ActivityStarted(Says, frozen=True, kw_only=True):
    """The client began on the day it occurred. ``activity`` is the decision, where one's own file has it."""

    activity: Ref | None = None
    days_per_week: int
    place: str


class ParticipationRecorded(Says, frozen=True, kw_only=True):
    """One day: attended (with hours) or absent (with a reason). Kela pays by it."""

    activity: Ref
    attended: bool
    hours: float | None = None
    absence: AbsenceReason | None = None


class ActivityDaysChanged(Says, frozen=True, kw_only=True):
    """From the day it occurred the client takes part this many days a week."""

    activity: Ref
    days_per_week: int
    reason: str | None = None


class ActivityPaused(Says, frozen=True, kw_only=True):
    """Paused from the day it occurred; ``until`` is the last planned day of the pause."""

    activity: Ref
    reason: PauseReason
    until: date | None = None


class ActivityResumed(Says, frozen=True, kw_only=True):
    """The pause ended on the day it occurred."""

    activity: Ref
    days_per_week: int | None = None


class TurningPointReached(Says, frozen=True, kw_only=True):
    """The turning point (nivelvaihe): the right moment to look at the next step."""

    activity: Ref
    observation: str | None = None


class ActivityEnded(Says, frozen=True, kw_only=True):
    """The day it occurred was the last day of the activity. The reason says no more than where to."""

    activity: Ref
    reason: ActivityEndReason
