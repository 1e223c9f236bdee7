from datetime import date

import pytest

from events.activity import ActivityDecided, ActivityEnded, ActivityPaused, ActivityResumed, ActivityStarted
from services.social.activity.commands import (
    DecideActivity,
    EndActivity,
    PauseActivity,
    RecordParticipation,
    ResumeActivity,
    StartActivity,
)
from tests.given_when_then import Case

DECIDED = ActivityDecided(
    starts_on=date(2022, 1, 3), ends_on=date(2022, 12, 30), days_per_week=4, hours_per_day=4, place="Työpaja"
)


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def started(case: Case, on: str = "2022-01-03", days: int = 4) -> str:
    return case.given(ActivityStarted(days_per_week=days, place="Työpaja"), on=on)


def test_start_refers_to_the_decision(case: Case) -> None:
    decided = case.given(DECIDED, on="2021-12-15")
    case.when(StartActivity(days_per_week=4, place="Työpaja", on=date(2022, 1, 3)))
    case.then(ActivityStarted(activity=decided, days_per_week=4, place="Työpaja"))


def test_workshop_without_the_decision_records_its_own_start(case: Case) -> None:
    case.when(StartActivity(days_per_week=3, place="Työpaja"), role="workshop_instructor")
    case.then(ActivityStarted(days_per_week=3, place="Työpaja"))


@pytest.mark.parametrize("days", [0, 5])
def test_days_outside_the_law_are_refused(case: Case, days: int) -> None:
    case.refused(
        "activity_days_out_of_range", StartActivity(days_per_week=days, place="Työpaja"), field="days_per_week"
    )


@pytest.mark.parametrize("days", [1, 4])
def test_days_within_the_law_are_taken(case: Case, days: int) -> None:
    assert case.when(StartActivity(days_per_week=days, place="Työpaja"))


def test_decision_that_ends_before_it_starts_is_refused(case: Case) -> None:
    command = DecideActivity(
        starts_on=date(2022, 5, 1), ends_on=date(2022, 4, 30), days_per_week=3, hours_per_day=4, place="Työpaja"
    )
    case.refused("ends_before_it_starts", command, field="ends_on")


def test_pause_of_what_never_started_is_refused(case: Case) -> None:
    case.refused("nothing_to_refer_to", PauseActivity(reason="trial_work"))


def test_pause_and_resume(case: Case) -> None:
    activity = started(case)
    case.when(PauseActivity(reason="trial_work", until=date(2022, 12, 10)))
    case.then(ActivityPaused(activity=activity, reason="trial_work", until=date(2022, 12, 10)))
    case.refused("already_paused", PauseActivity(reason="holiday"))
    case.when(ResumeActivity(), on="2022-12-09")
    case.then(ActivityResumed(activity=activity))
    case.refused("not_paused", ResumeActivity())


def test_end_before_the_beginning_is_refused(case: Case) -> None:
    started(case, on="2022-03-01")
    case.refused("outside_the_activity", EndActivity(reason="moved", on=date(2022, 2, 28)))


def test_nothing_after_the_end(case: Case) -> None:
    activity = started(case)
    case.given(ActivityEnded(activity=activity, reason="moved"), on="2022-10-01")
    case.refused("nothing_to_refer_to", RecordParticipation(attended=True, hours=4))
    case.refused("outside_the_activity", RecordParticipation(activity=activity, attended=True, hours=4))
    case.refused("already_ended", EndActivity(activity=activity, reason="moved", on=date(2022, 9, 1)))


def test_absence_needs_a_reason_and_attendance_none(case: Case) -> None:
    started(case)
    case.refused("attended_or_absent", RecordParticipation(attended=False), field="absence")
    case.refused("attended_or_absent", RecordParticipation(attended=True, absence="own_illness"), field="absence")


def test_with_two_under_way_one_must_say_which(case: Case) -> None:
    started(case)
    second = started(case, on="2022-02-01")
    case.refused("say_which_one", EndActivity(reason="moved"), field="activity")
    case.when(EndActivity(activity=second, reason="moved"))
    case.then(ActivityEnded(activity=second, reason="moved"))


def test_a_repeated_command_is_a_no_op(case: Case) -> None:
    started(case)
    assert case.when(EndActivity(reason="moved"), command_id="once")
    assert case.when(EndActivity(reason="moved"), command_id="once") is None


def test_the_future_and_other_roles_are_refused(case: Case) -> None:
    started(case)
    case.refused("has_not_happened_yet", EndActivity(reason="moved", on=date(2022, 12, 1)))
    case.refused("role_not_allowed", EndActivity(reason="moved"), role="workshop_instructor")


def test_an_identity_code_in_a_text_is_refused_without_repeating_it(case: Case) -> None:
    case.refused("identity_code_in_text", StartActivity(days_per_week=3, place="Paja 010170-999R"))
