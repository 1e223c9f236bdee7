from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from events.trial_work import (
    TrialWorkAgreed,
    TrialWorkEnded,
    TrialWorkExtended,
    TrialWorkInterrupted,
    TrialWorkStarted,
)
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.employment.trial_work.commands import (
    AgreeTrialWork,
    EndTrialWork,
    ExtendTrialWork,
    InterruptTrialWork,
    StartTrialWork,
)
from tests.given_when_then import Case

TERMS: dict[str, Any] = {
    "employer": "Esimerkkikauppa", "tasks": "Hyllytys", "starts_on": date(2023, 1, 9), "ends_on": date(2023, 4, 7),
    "days_per_week": 3, "hours_per_day": 4,
}
AGREED = TrialWorkAgreed(**TERMS)


@pytest.fixture
def case() -> Case:
    return Case("employment", role="employment_coach", on="2023-03-01")


def agreed(case: Case) -> str:
    return case.given(AGREED, on="2022-12-20")


def started(case: Case, on: str = "2023-01-09") -> str:
    trial_work = agreed(case)
    case.given(TrialWorkStarted(trial_work=trial_work), on=on)
    return trial_work


def test_from_agreement_to_end(case: Case) -> None:
    trial_work = case.when(AgreeTrialWork(**TERMS, beside_activity=True))
    assert trial_work is not None
    case.then(TrialWorkAgreed(**TERMS, beside_activity=True))
    case.when(StartTrialWork(on=date(2023, 1, 9)))
    case.then(TrialWorkStarted(trial_work=trial_work))
    case.when(ExtendTrialWork(ends_on=date(2023, 5, 31), days_per_week=4))
    case.then(TrialWorkExtended(trial_work=trial_work, ends_on=date(2023, 5, 31), days_per_week=4))
    case.when(EndTrialWork(outcome="employed"), on="2023-05-31")
    case.then(TrialWorkEnded(trial_work=trial_work, outcome="employed"))


@pytest.mark.parametrize(("days", "taken"), [(0, False), (1, True), (5, True), (6, False)])
def test_days_are_one_to_five(case: Case, days: int, taken: bool) -> None:
    command = AgreeTrialWork(**{**TERMS, "days_per_week": days})
    if taken:
        assert case.when(command)
    else:
        case.refused("trial_work_days_out_of_range", command, field="days_per_week")


@pytest.mark.parametrize("hours", [0, 24.5])
def test_no_day_has_such_hours(hours: float) -> None:
    with pytest.raises(ValidationError):
        AgreeTrialWork(**{**TERMS, "hours_per_day": hours})


def test_short_hours_are_against_guidance_and_not_refused(case: Case) -> None:
    assert case.when(AgreeTrialWork(**{**TERMS, "hours_per_day": 2}))


def test_an_agreement_is_not_backwards(case: Case) -> None:
    case.refused("ends_before_it_starts", AgreeTrialWork(**{**TERMS, "ends_on": date(2023, 1, 8)}), field="ends_on")
    assert case.when(AgreeTrialWork(**{**TERMS, "ends_on": date(2023, 1, 9)}))


@pytest.mark.parametrize(("day", "taken"), [
    ("2023-01-08", False), ("2023-01-09", True), ("2023-04-07", True), ("2023-04-08", False),
])
def test_it_starts_within_the_agreed_period(case: Case, day: str, taken: bool) -> None:
    agreed(case)
    if taken:
        assert case.when(StartTrialWork(), on=day)
    else:
        case.refused("outside_the_agreed_period", StartTrialWork(), field="on", on=day)


def test_it_starts_once_and_only_what_was_agreed(case: Case) -> None:
    case.refused("nothing_to_refer_to", StartTrialWork(), field="trial_work")
    trial_work = started(case)
    case.refused("trial_work_already_started", StartTrialWork(trial_work=trial_work), field="trial_work")


@pytest.mark.parametrize("command", [EndTrialWork(outcome="other"), InterruptTrialWork(reason="illness")])
def test_what_never_started_does_not_end(case: Case, command: Any) -> None:
    agreed(case)
    case.refused("trial_work_has_not_started", command, field="trial_work")


def test_it_ends_no_earlier_than_it_started_but_may_overrun(case: Case) -> None:
    trial_work = started(case)
    case.refused("ends_before_it_starts", EndTrialWork(outcome="other", on=date(2023, 1, 8)), field="on")
    case.when(EndTrialWork(outcome="new_trial"), on="2023-04-30")
    case.then(TrialWorkEnded(trial_work=trial_work, outcome="new_trial"))


def test_it_ends_or_is_interrupted_once(case: Case) -> None:
    trial_work = started(case)
    case.when(InterruptTrialWork(reason="not_suitable", on=date(2023, 2, 1)))
    case.then(TrialWorkInterrupted(trial_work=trial_work, reason="not_suitable"))
    case.refused("nothing_to_refer_to", EndTrialWork(outcome="other"))
    case.refused("already_ended", EndTrialWork(trial_work=trial_work, outcome="other"), field="trial_work")
    case.refused("already_ended", ExtendTrialWork(trial_work=trial_work, ends_on=date(2023, 5, 1)))


def test_an_extension_goes_on_to_a_later_day_each_time(case: Case) -> None:
    started(case)
    case.refused("extension_is_not_later", ExtendTrialWork(ends_on=date(2023, 4, 7)), field="ends_on")
    assert case.when(ExtendTrialWork(ends_on=date(2023, 4, 8)))
    case.refused("extension_is_not_later", ExtendTrialWork(ends_on=date(2023, 4, 8)), field="ends_on")
    longer = ExtendTrialWork(ends_on=date(2023, 4, 9), days_per_week=6)
    case.refused("trial_work_days_out_of_range", longer, field="days_per_week")


def test_corrections_are_held_to_the_same_rules(case: Case) -> None:
    trial_work = started(case)
    late = CorrectEntry(fact=trial_work, changes={"starts_on": "2023-01-10"}, reason="Virhe")
    case.refused("outside_the_agreed_period", late)
    case.refused("others_rest_on_it", AnnulEntry(fact=trial_work, reason="Virhe"))


def test_a_start_corrected_to_the_last_day_still_comes_before_the_end(case: Case) -> None:
    trial_work = agreed(case)
    start = case.given(TrialWorkStarted(trial_work=trial_work), on="2023-01-09")
    case.given(TrialWorkEnded(trial_work=trial_work, outcome="other"), on="2023-01-10")
    assert case.when(CorrectEntry(fact=start, on=date(2023, 1, 10), reason="Väärä päivä"))


def test_only_the_employment_coach_agrees_trial_work(case: Case) -> None:
    case.refused("role_not_allowed", AgreeTrialWork(**TERMS), role="funder")
