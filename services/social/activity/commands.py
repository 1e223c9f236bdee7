"""What people do with a client's rehabilitative work activity."""

from datetime import date

from pydantic import Field

from events.activity import AbsenceReason, ActivityEndReason, PauseReason
from services.kit.command import Command, Hours, Reference, Short, Text, Weekdays, roles

DECIDERS = roles("own_social_worker")
SUPERVISORS = roles("own_social_worker", "activity_supervisor")
GUIDES = roles("own_social_worker", "activity_supervisor", "workshop_instructor")


class DuringActivity(Command):
    """What is said of an activity under way."""

    activity: Reference | None = Field(
        default=None, description="The activity; may be left out where only one is under way."
    )


class DecideActivity(Command):
    """Decide on a period of rehabilitative work activity (act 189/2001 § 13)."""

    roles = DECIDERS
    starts_on: date = Field(description="The period's first day.")
    ends_on: date = Field(description="The period's last day.")
    days_per_week: Weekdays = Field(description="Days a calendar week: 1–4.")
    hours_per_day: Hours = Field(description="Hours a day.")
    place: Short = Field(description="Where the activity is.")
    carried_out_by: Short | None = Field(default=None, description="The organisation that carries it out.")
    follows: Reference | None = Field(default=None, description="The period that this one continues.")


class StartActivity(Command):
    """Record that the client began. Without a decision in one's own file the activity stands by itself."""

    roles = GUIDES
    activity: Reference | None = Field(default=None, description="The decision, where one's own file has it.")
    days_per_week: Weekdays = Field(description="Days a calendar week: 1–4.")
    place: Short = Field(description="Where the client began.")


class RecordParticipation(DuringActivity):
    """Record one day: attended with hours, or absent with a reason."""

    roles = GUIDES
    attended: bool = Field(description="Whether the client was there.")
    hours: Hours | None = Field(default=None, description="How many hours, where attended.")
    absence: AbsenceReason | None = Field(default=None, description="Why not, where absent.")


class ChangeActivityDays(DuringActivity):
    """Change the days a week from this day on."""

    roles = GUIDES
    days_per_week: Weekdays = Field(description="The new days a calendar week: 1–4.")
    reason: Text | None = Field(default=None, description="Why the days are changed.")


class PauseActivity(DuringActivity):
    """Pause the activity from this day on; nothing is closed."""

    roles = SUPERVISORS
    reason: PauseReason = Field(
        description="Why it is paused. Everybody who sees the activity sees it: `other` says nothing."
    )
    until: date | None = Field(default=None, description="The last planned day of the pause.")


class ResumeActivity(DuringActivity):
    """Go on after a pause."""

    roles = GUIDES
    days_per_week: Weekdays | None = Field(
        default=None, description="Days a calendar week from now on: 1–4; as before, if left out."
    )


class ReachTurningPoint(DuringActivity):
    """Note the turning point (nivelvaihe): the right moment to look at the next step."""

    roles = GUIDES
    observation: Text | None = Field(default=None, description="What shows it.")


class EndActivity(DuringActivity):
    """End the activity; this day was its last."""

    roles = SUPERVISORS
    reason: ActivityEndReason = Field(description="Where to; it says no more.")
