"""Trial work: agreed, started, perhaps extended, then ended or interrupted. How long is a matter of warnings."""

from datetime import date
from typing import Any

from events.envelope import Fact, Says
from events.trial_work import (
    TrialWorkAgreed,
    TrialWorkEnded,
    TrialWorkExtended,
    TrialWorkInterrupted,
    TrialWorkStarted,
)
from services.employment.trial_work import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible

MIN_DAYS, MAX_DAYS = 1, 5

LAST_DAY: tuple[type[Any], ...] = (TrialWorkEnded, TrialWorkInterrupted)
LATER: tuple[type[Any], ...] = (TrialWorkStarted, TrialWorkExtended, *LAST_DAY)


def agree(file: ClientFile, command: c.AgreeTrialWork, at: At) -> list[Draft]:
    return [Draft(copied(command, TrialWorkAgreed), command.on or at.today)]


def start(file: ClientFile, command: c.StartTrialWork, at: At) -> list[Draft]:
    not_started = lacking(file, "trial_work", TrialWorkStarted)
    agreed = the_one(file, command.trial_work, TrialWorkAgreed, field="trial_work", among=not_started)
    return [Draft(TrialWorkStarted(trial_work=agreed.ref), command.on or at.today)]


def extend(file: ClientFile, command: c.ExtendTrialWork, at: At) -> list[Draft]:
    return _of_open(file, command, TrialWorkExtended, at)


def interrupt(file: ClientFile, command: c.InterruptTrialWork, at: At) -> list[Draft]:
    return _of_open(file, command, TrialWorkInterrupted, at)


def end(file: ClientFile, command: c.EndTrialWork, at: At) -> list[Draft]:
    return _of_open(file, command, TrialWorkEnded, at)


def _of_open(file: ClientFile, command: c.OfTrialWork, fact_class: type[Says], at: At) -> list[Draft]:
    not_ended = lacking(file, "trial_work", *LAST_DAY)
    agreed = the_one(file, command.trial_work, TrialWorkAgreed, field="trial_work", among=not_ended)
    return [Draft(copied(command, fact_class, trial_work=agreed.ref), command.on or at.today)]


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: days outside 1–5, an end before the beginning or of what never started."""
    for agreed in file.of(TrialWorkAgreed):
        _check_days(agreed.says.days_per_week)
        if agreed.says.ends_on < agreed.says.starts_on:
            raise Impossible("ends_before_it_starts", "ends_on")
        extensions = referring(file, agreed, "trial_work", TrialWorkExtended)
        agreed_end = _check_extensions(agreed, extensions)
        started = _check_start(agreed, agreed_end, referring(file, agreed, "trial_work", TrialWorkStarted))
        _check_end(started, extensions, referring(file, agreed, "trial_work", *LAST_DAY))
    check_all_refer(file, "trial_work", LATER, TrialWorkAgreed)


def _check_days(days: int | None) -> None:
    if days is not None and not MIN_DAYS <= days <= MAX_DAYS:
        raise Impossible("trial_work_days_out_of_range", "days_per_week")


def _check_extensions(agreed: Fact[TrialWorkAgreed], extensions: list[Fact[TrialWorkExtended]]) -> date:
    ends_on = agreed.says.ends_on
    for extended in extensions:
        _check_days(extended.says.days_per_week)
        if extended.says.ends_on <= ends_on:
            raise Impossible("extension_is_not_later", "ends_on")
        ends_on = extended.says.ends_on
    return ends_on


def _check_start(agreed: Fact[TrialWorkAgreed], agreed_end: date, starts: list[Fact[TrialWorkStarted]]) -> date | None:
    if len(starts) > 1:
        raise Impossible("trial_work_already_started", "trial_work")
    if not starts:
        return None
    if not agreed.says.starts_on <= starts[0].occurred_on <= agreed_end:
        raise Impossible("outside_the_agreed_period", "on")
    return starts[0].occurred_on


def _check_end(started: date | None, extensions: list[Fact[TrialWorkExtended]], ends: list[Fact[Any]]) -> None:
    """The end may come later than agreed: that has happened, and is warned of, not refused."""
    if not ends:
        return
    if started is None:
        raise Impossible("trial_work_has_not_started", "trial_work")
    last_day = ends[0].occurred_on
    if last_day < started:
        raise Impossible("ends_before_it_starts", "on")
    if len(ends) > 1 or any(extended.occurred_on > last_day for extended in extensions):
        raise Impossible("already_ended", "trial_work")
