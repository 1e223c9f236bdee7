"""Rehabilitative work activity: what is decided, and what cannot be (act 189/2001 § 13)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from events.activity import (
    ActivityDaysChanged,
    ActivityDecided,
    ActivityEnded,
    ActivityPaused,
    ActivityResumed,
    ActivityStarted,
    ParticipationRecorded,
    TurningPointReached,
)
from events.envelope import Fact, Says
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible
from services.social.activity import commands as c

MIN_DAYS, MAX_DAYS = 1, 4
"""Days a calendar week (act 189/2001 § 13)."""

DURING: tuple[type[Any], ...] = (
    ParticipationRecorded, ActivityDaysChanged, ActivityPaused, ActivityResumed, TurningPointReached, ActivityEnded,
)


def decide_activity(file: ClientFile, command: c.DecideActivity, at: At) -> list[Draft]:
    if command.follows is not None:
        the_one(file, command.follows, ActivityDecided, ActivityStarted, field="follows")
    return [Draft(copied(command, ActivityDecided), command.on or at.today)]


def start_activity(file: ClientFile, command: c.StartActivity, at: At) -> list[Draft]:
    not_started = lacking(file, "activity", ActivityStarted)
    decision = None
    if command.activity is not None or any(map(not_started, file.of(ActivityDecided))):
        decision = the_one(file, command.activity, ActivityDecided, field="activity", among=not_started).ref
    return [Draft(copied(command, ActivityStarted, activity=decision), command.on or at.today)]


def record_participation(file: ClientFile, command: c.RecordParticipation, at: At) -> list[Draft]:
    if command.attended == (command.absence is not None):
        raise Impossible("attended_or_absent", "absence")
    return _during(file, command, ParticipationRecorded, at)


def change_days(file: ClientFile, command: c.ChangeActivityDays, at: At) -> list[Draft]:
    return _during(file, command, ActivityDaysChanged, at)


def pause(file: ClientFile, command: c.PauseActivity, at: At) -> list[Draft]:
    return _during(file, command, ActivityPaused, at)


def resume(file: ClientFile, command: c.ResumeActivity, at: At) -> list[Draft]:
    return _during(file, command, ActivityResumed, at)


def reach_turning_point(file: ClientFile, command: c.ReachTurningPoint, at: At) -> list[Draft]:
    return _during(file, command, TurningPointReached, at)


def end_activity(file: ClientFile, command: c.EndActivity, at: At) -> list[Draft]:
    return _during(file, command, ActivityEnded, at)


def _during(file: ClientFile, command: c.DuringActivity, fact_class: type[Says], at: At) -> list[Draft]:
    under_way = lacking(file, "activity", ActivityEnded)
    activity = the_one(file, command.activity, ActivityStarted, field="activity", among=under_way)
    return [Draft(copied(command, fact_class, activity=activity.ref), command.on or at.today)]


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: days outside 1–4, an end before the beginning, a pause of what never started."""
    for decided in file.of(ActivityDecided):
        _check_days(decided.says.days_per_week)
        if decided.says.ends_on < decided.says.starts_on:
            raise Impossible("ends_before_it_starts", "ends_on")
    for started in file.of(ActivityStarted):
        _check_days(started.says.days_per_week)
        _check_course(started, referring(file, started, "activity", *DURING))
    check_all_refer(file, "activity", [ActivityStarted], ActivityDecided)
    check_all_refer(file, "activity", DURING, ActivityStarted)


def _check_days(days: int | None) -> None:
    if days is not None and not MIN_DAYS <= days <= MAX_DAYS:
        raise Impossible("activity_days_out_of_range", "days_per_week")


def _check_course(started: Fact, during: Sequence[Fact]) -> None:
    ends = [f.occurred_on for f in during if isinstance(f.says, ActivityEnded)]
    if len(ends) > 1:
        raise Impossible("already_ended", "activity")
    last_day = ends[0] if ends else date.max
    paused = False
    for fact in during:
        if not started.occurred_on <= fact.occurred_on <= last_day:
            raise Impossible("outside_the_activity", "on")
        _check_days(getattr(fact.says, "days_per_week", None))
        paused = _check_pause(paused, fact)


def _check_pause(paused: bool, fact: Fact) -> bool:
    match fact.says:
        case ActivityPaused(until=until):
            if paused:
                raise Impossible("already_paused", "activity")
            if until is not None and until < fact.occurred_on:
                raise Impossible("ends_before_it_starts", "until")
            return True
        case ActivityResumed():
            if not paused:
                raise Impossible("not_paused", "activity")
            return False
        case _:
            return paused
