"""Supported job coaching: a period that may be extended, and what happens during it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from events.coaching import (
    BenefitsAdviceGiven,
    CoachingEnded,
    CoachingExtended,
    CoachingMeetingHeld,
    CoachingStarted,
    EmployerMet,
    NextStepTaken,
    ProfileUpdated,
)
from events.envelope import Fact, Says
from events.referral import ReferralAccepted
from services.case.referrals.domain import Accepted, name_of, the_accepted
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible
from services.provider.coaching import commands as c

MIN_DAYS, MAX_DAYS = 1, 5
"""Days a week: working days."""

DURING: tuple[type[Any], ...] = (
    CoachingMeetingHeld, ProfileUpdated, EmployerMet, BenefitsAdviceGiven, CoachingExtended, NextStepTaken,
    CoachingEnded,
)


def start_coaching(file: ClientFile, command: c.StartCoaching, at: At) -> list[Draft]:
    waiting = without_coaching(file)
    referral = None
    if command.referral is not None or any(map(waiting, file.of(ReferralAccepted))):
        referral = name_of(the_accepted(file, command.referral, among=waiting))
    return [Draft(copied(command, CoachingStarted, referral=referral), command.on or at.today)]


def without_coaching(file: ClientFile) -> Accepted:
    """Lets through the accepted referrals that no coaching names."""
    named = {f.says.referral for f in file.of(CoachingStarted)}
    return lambda accepted: name_of(accepted) not in named


def hold_meeting(file: ClientFile, command: c.HoldCoachingMeeting, at: At) -> list[Draft]:
    return during(file, command, CoachingMeetingHeld, at)


def update_profile(file: ClientFile, command: c.UpdateProfile, at: At) -> list[Draft]:
    return during(file, command, ProfileUpdated, at)


def give_benefits_advice(file: ClientFile, command: c.GiveBenefitsAdvice, at: At) -> list[Draft]:
    return during(file, command, BenefitsAdviceGiven, at)


def extend(file: ClientFile, command: c.ExtendCoaching, at: At) -> list[Draft]:
    return during(file, command, CoachingExtended, at)


def take_next_step(file: ClientFile, command: c.TakeNextStep, at: At) -> list[Draft]:
    return during(file, command, NextStepTaken, at)


def end_coaching(file: ClientFile, command: c.EndCoaching, at: At) -> list[Draft]:
    return during(file, command, CoachingEnded, at)


def during(file: ClientFile, command: c.DuringCoaching, fact_class: type[Says], at: At) -> list[Draft]:
    """What the command says, of the coaching that it names or the only one under way."""
    under_way = lacking(file, "coaching", CoachingEnded)
    coaching = the_one(file, command.coaching, CoachingStarted, field="coaching", among=under_way)
    return [Draft(copied(command, fact_class, coaching=coaching.ref), command.on or at.today)]


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: days outside 1–5, a period that ends before it begins or is extended backwards,
    anything before the start or after the end."""
    check_all_refer(file, "coaching", DURING, CoachingStarted)
    accepted = {None} | {name_of(f) for f in file.of(ReferralAccepted)}
    for started in file.of(CoachingStarted):
        if started.says.referral not in accepted:
            raise Impossible("others_rest_on_it", "fact")
        if started.says.days_per_week is not None and not MIN_DAYS <= started.says.days_per_week <= MAX_DAYS:
            raise Impossible("coaching_days_out_of_range", "days_per_week")
        if started.says.until < started.occurred_on:
            raise Impossible("ends_before_it_starts", "until")
        _check_course(started, referring(file, started, "coaching", *DURING))
        _check_extensions(started.says.until, referring(file, started, "coaching", CoachingExtended))


def _check_course(started: Fact, during: Sequence[Fact]) -> None:
    ends = [f.occurred_on for f in during if isinstance(f.says, CoachingEnded)]
    if len(ends) > 1:
        raise Impossible("already_ended", "coaching")
    last_day = ends[0] if ends else date.max
    if not all(started.occurred_on <= f.occurred_on <= last_day for f in during):
        raise Impossible("outside_the_coaching", "on")


def _check_extensions(until: date, extensions: Sequence[Fact[CoachingExtended]]) -> None:
    for extended in extensions:
        if extended.says.until <= until:
            raise Impossible("extended_to_no_later_day", "until")
        until = extended.says.until
