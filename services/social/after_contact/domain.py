"""After-contact: between one and three months after the activity ended (Orimattila's practice, 2022)."""

import calendar
from datetime import date

from events.activity import ActivityEnded, ActivityStarted
from events.envelope import Fact
from events.follow_up import FollowUpPlanned
from services.kit.client_file import At, ClientFile, Draft, lacking, referring, the_one
from services.kit.errors import Impossible, Invalid
from services.social.after_contact import commands as c

EARLIEST_MONTHS, DUE_MONTHS = 1, 3


def plan_after_contact(file: ClientFile, command: c.PlanAfterContact, at: At) -> list[Draft]:
    day = command.on or at.today
    if command.after_end_on is None:
        ended = _ended_activity(file, command.activity)
        return [Draft(_planned(command, ended.occurred_on, after=ended.ref), day)]
    if command.activity is not None:
        raise Invalid("activity_or_its_last_day", "after_end_on")
    if command.after_end_on > day:
        raise Impossible("has_not_happened_yet", "after_end_on")
    return [Draft(_planned(command, command.after_end_on, after=None), day)]


def _planned(command: c.PlanAfterContact, last_day: date, after: str | None) -> FollowUpPlanned:
    due_on = command.due_on or months_after(last_day, DUE_MONTHS)
    if due_on < last_day:
        raise Impossible("contact_before_the_end", "due_on")
    # A contact wanted sooner than the practice says opens its own window.
    earliest_on = command.earliest_on or min(months_after(last_day, EARLIEST_MONTHS), due_on)
    return FollowUpPlanned(
        kind="after_contact", due_on=due_on, earliest_on=earliest_on, after=after, person=command.person
    )


def _ended_activity(file: ClientFile, ref: str | None) -> Fact[ActivityEnded]:
    """The end of the activity that ``ref`` names or, left out, the only end with no after-contact planned."""
    if ref is None:
        return the_one(file, None, ActivityEnded, field="activity", among=lacking(file, "after", FollowUpPlanned))
    ends = referring(file, the_one(file, ref, ActivityStarted, field="activity"), "activity", ActivityEnded)
    if not ends:
        raise Impossible("activity_has_not_ended", "activity")
    return ends[0]


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: a contact due before the end that it follows."""
    ends = {f.ref: f.occurred_on for f in file.of(ActivityEnded)}
    for planned in file.of(FollowUpPlanned):
        if planned.says.after in ends and planned.says.due_on < ends[planned.says.after]:
            raise Impossible("contact_before_the_end", "due_on")
