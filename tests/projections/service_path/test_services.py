from datetime import date

import msgspec
import pytest

from events.activity import (
    ActivityDaysChanged,
    ActivityEnded,
    ActivityPaused,
    ActivityResumed,
    ActivityStarted,
    ParticipationRecorded,
)
from events.coaching import (
    CoachingEnded,
    CoachingExtended,
    CoachingStarted,
    InWorkSupportGiven,
    JobEnded,
    JobStarted,
    NextStepTaken,
)
from events.envelope import Says
from events.service import ServiceEnded, ServiceStarted
from events.trial_work import (
    TrialWorkAgreed,
    TrialWorkEnded,
    TrialWorkExtended,
    TrialWorkInterrupted,
    TrialWorkStarted,
)
from projections.service_path.rows import DaysRow, PauseRow
from projections.service_path.services import STEPS
from tests.projections.facts import ANY_REF, Book, example
from tests.projections.service_path.ask import path, the_service

AGREED = TrialWorkAgreed(
    employer="Lounaskahvila Esimerkki", tasks="keittiötyö", starts_on=date(2022, 11, 14), ends_on=date(2023, 2, 15),
    days_per_week=3, hours_per_day=5,
)


@pytest.fixture
def book() -> Book:
    return Book()


def started_activity(book: Book, on: str = "2022-05-09") -> str:
    return book.fact(ActivityStarted(days_per_week=4, place="Paja"), on, "workshop").ref


def test_activity_runs_and_its_days_change(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityDaysChanged(activity=activity, days_per_week=2), "2022-11-14", "workshop")
    row = the_service(book)
    assert (row.service, row.organisation, row.state, row.place) == ("activity", "workshop", "running", "Paja")
    assert (row.starts_on, row.ends_on, row.began_before, row.outcome) == (date(2022, 5, 9), None, False, None)
    assert row.days_per_week == 2
    assert row.days == (
        DaysRow(from_day=date(2022, 5, 9), days_per_week=4), DaysRow(from_day=date(2022, 11, 14), days_per_week=2)
    )


def test_activity_paused_and_resumed(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityPaused(activity=activity, reason="holiday", until=date(2022, 7, 29)), "2022-07-04", "workshop")
    paused = the_service(book, as_of="2022-07-10")
    assert paused.state == "paused"
    assert paused.pauses == (PauseRow(from_day=date(2022, 7, 4), until=date(2022, 7, 29)),)
    book.fact(ActivityResumed(activity=activity, days_per_week=3), "2022-08-01", "workshop")
    row = the_service(book)
    assert (row.state, row.days_per_week) == ("running", 3)
    assert row.pauses == (PauseRow(from_day=date(2022, 7, 4), until=date(2022, 7, 31)),)


def test_a_pause_lasts_until_it_is_said_to_be_over(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityPaused(activity=activity, reason="holiday", until=date(2022, 7, 29)), "2022-07-04", "workshop")
    assert the_service(book).state == "paused"


def test_a_pause_that_never_came_to_be_leaves_no_trace(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityPaused(activity=activity, reason="other"), "2022-07-04", "workshop")
    book.fact(ActivityResumed(activity=activity), "2022-07-04", "workshop")
    assert the_service(book).pauses == ()


def test_activity_ends_from_a_pause(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityPaused(activity=activity, reason="trial_work"), "2022-11-01", "workshop")
    book.fact(ActivityEnded(activity=activity, reason="trial_work"), "2022-11-30", "workshop")
    row = the_service(book)
    assert (row.state, row.ends_on, row.outcome) == ("ended", date(2022, 11, 30), "trial_work")
    assert row.pauses == (PauseRow(from_day=date(2022, 11, 1), until=date(2022, 11, 30)),)


def test_trial_work_is_agreed_until_it_starts(book: Book) -> None:
    agreed = book.fact(AGREED, "2022-11-10", "employment")
    before = the_service(book, as_of="2022-11-13")
    assert (before.state, before.starts_on, before.ends_on) == ("agreed", date(2022, 11, 14), date(2023, 2, 15))
    assert (before.days_per_week, before.began_before, before.place) == (3, False, "Lounaskahvila Esimerkki")
    book.fact(TrialWorkStarted(trial_work=agreed.ref), "2022-11-16", "employment")
    row = the_service(book)
    assert (row.state, row.starts_on, row.planned_end) == ("running", date(2022, 11, 16), date(2023, 2, 15))
    assert row.days == (DaysRow(from_day=date(2022, 11, 16), days_per_week=3),)


def test_an_agreement_whose_day_has_come_has_not_begun_by_that(book: Book) -> None:
    book.fact(AGREED, "2022-11-10", "employment")
    assert the_service(book, as_of="2022-12-01").state == "agreed"


def test_trial_work_extended_before_it_starts_changes_days_from_the_start(book: Book) -> None:
    agreed = book.fact(AGREED, "2022-11-10", "employment")
    extension = TrialWorkExtended(trial_work=agreed.ref, ends_on=date(2023, 4, 14), days_per_week=2)
    book.fact(extension, "2022-11-11", "employment")
    row = the_service(book)
    assert (row.state, row.planned_end, row.days_per_week) == ("agreed", date(2023, 4, 14), 2)
    assert row.days[-1].from_day == date(2022, 11, 14)


@pytest.mark.parametrize(
    ("last", "state", "outcome"),
    [
        (TrialWorkEnded(trial_work=ANY_REF, outcome="employed"), "ended", "employed"),
        (TrialWorkInterrupted(trial_work=ANY_REF, reason="illness"), "interrupted", "illness"),
    ],
)
def test_trial_work_ends_or_is_interrupted(book: Book, last: Says, state: str, outcome: str) -> None:
    agreed = book.fact(AGREED, "2022-11-10", "employment")
    book.fact(TrialWorkStarted(trial_work=agreed.ref), "2022-11-14", "employment")
    book.fact(msgspec.structs.replace(last, trial_work=agreed.ref), "2022-11-25", "employment")
    row = the_service(book)
    assert (row.state, row.ends_on, row.outcome) == (state, date(2022, 11, 25), outcome)
    assert row.planned_end == date(2023, 2, 15)


def test_coaching_is_extended_and_ends(book: Book) -> None:
    started = CoachingStarted(until=date(2022, 11, 30), direction="job_search", days_per_week=1)
    coaching = book.fact(started, "2022-09-05", "provider").ref
    first = the_service(book)
    assert (first.service, first.state, first.ends_on) == ("coaching", "running", date(2022, 11, 30))
    assert (first.direction, first.days_per_week) == ("job_search", 1)
    book.fact(CoachingExtended(coaching=coaching, until=date(2023, 2, 28)), "2022-11-30", "provider")
    assert the_service(book).ends_on == date(2023, 2, 28)
    book.fact(NextStepTaken(coaching=coaching, step="trial_work"), "2022-12-10", "provider")
    assert the_service(book, "2022-12-10").outcome == "trial_work"
    book.fact(CoachingEnded(coaching=coaching, reason="period_ended"), "2023-02-28", "provider")
    row = the_service(book, "2023-02-28")
    assert (row.state, row.outcome, row.next_step) == ("ended", "period_ended", "trial_work")


def test_a_job_starts_and_ends(book: Book) -> None:
    job = book.fact(
        JobStarted(employer="Esimerkki Oy", title="kokki", open_market=True, permanent=False), "2022-06-01", "provider"
    ).ref
    row = the_service(book)
    assert (row.service, row.title, row.place, row.state) == ("job", "kokki", "Esimerkki Oy", "running")
    book.fact(JobEnded(job=job, reason="fixed_term_ended"), "2022-08-31", "provider")
    row = the_service(book)
    assert (row.state, row.ends_on, row.outcome) == ("ended", date(2022, 8, 31), "fixed_term_ended")


def test_another_service_goes_by_its_kind(book: Book) -> None:
    started = ServiceStarted(service="career_coaching", title="Uravalmennus", ends_on=date(2022, 3, 18), days_per_week=5)
    service = book.fact(started, "2022-01-10", "employment").ref
    row = the_service(book, "2022-02-01")
    assert (row.service, row.title, row.state, row.ends_on) == (
        "career_coaching", "Uravalmennus", "running", date(2022, 3, 18)
    )
    book.fact(ServiceEnded(service=service, outcome="completed"), "2022-03-11", "employment")
    row = the_service(book)
    assert (row.state, row.ends_on, row.outcome) == ("ended", date(2022, 3, 11), "completed")


@pytest.mark.parametrize("kind", [k for k, s in STEPS.items() if s.refers is not None and k is not TrialWorkStarted])
def test_a_story_may_begin_in_the_middle_and_nothing_is_guessed(book: Book, kind: type[Says]) -> None:
    fact = book.fact(example(kind), "2022-11-01", "employment")
    row = the_service(book)
    assert row.began_before
    assert (row.ref, row.organisation) == (ANY_REF, "employment")
    assert (row.starts_on, row.title, row.place) == (None, None, None)
    assert row.service == STEPS[type(fact.says)].service


def test_trial_work_whose_agreement_is_not_visible(book: Book) -> None:
    book.fact(TrialWorkStarted(trial_work=ANY_REF), "2022-11-14", "employment")
    row = the_service(book)
    assert (row.state, row.began_before, row.starts_on, row.ends_on) == ("running", False, date(2022, 11, 14), None)


def test_unseen_beginnings_keep_what_came_after(book: Book) -> None:
    book.fact(CoachingExtended(coaching=ANY_REF, until=date(2023, 2, 28)), "2022-11-15", "provider")
    row = the_service(book)
    assert (row.state, row.began_before, row.ends_on) == ("running", True, date(2023, 2, 28))
    book.fact(CoachingEnded(coaching=ANY_REF, reason="moved"), "2022-11-20", "provider")
    assert the_service(book).state == "ended"


def test_an_organisation_tells_only_its_own_story(book: Book) -> None:
    activity = started_activity(book)
    book.fact(ActivityEnded(activity=activity, reason="moved"), "2022-10-01", "another")
    rows = {r.organisation: r for r in path(book).services}
    assert rows["workshop"].state == "running"
    assert rows["another"].began_before


def test_a_corrected_start_stands_where_the_first_one_stood(book: Book) -> None:
    first = book.fact(ActivityStarted(days_per_week=4, place="Paja"), "2022-05-09", "workshop")
    book.fact(ParticipationRecorded(activity=first.ref, attended=True), "2022-05-09", "workshop")
    book.fact(ActivityDaysChanged(activity=first.ref, days_per_week=2), "2022-05-09", "workshop")
    book.fact(ActivityStarted(days_per_week=3, place="Uusi paja"), "2022-05-09", "workshop", corrects=first)
    row = the_service(book)
    assert (row.ref, row.place, row.days_per_week, row.began_before) == (first.ref, "Uusi paja", 2, False)


def test_an_end_taken_back_leaves_the_service_running(book: Book) -> None:
    activity = started_activity(book)
    ended = book.fact(ActivityEnded(activity=activity, reason="moved"), "2022-10-01", "workshop")
    assert the_service(book).state == "ended"
    book.fact(ended.says, "2022-10-01", "workshop", corrects=ended, annuls=True)
    assert the_service(book).state == "running"


def test_support_in_a_job_changes_nothing_in_it(book: Book) -> None:
    job = book.fact(
        JobStarted(employer="Esimerkki Oy", title="kokki", open_market=True, permanent=True), "2022-06-01", "provider"
    ).ref
    before = the_service(book)
    book.fact(InWorkSupportGiven(job=job, to="client", face_to_face=True), "2022-06-02", "provider")
    assert the_service(book) == before


def test_services_stand_in_the_order_they_begin(book: Book) -> None:
    book.fact(AGREED, "2022-01-10", "employment")
    started_activity(book)
    book.fact(CoachingExtended(coaching=ANY_REF, until=date(2023, 2, 28)), "2022-11-15", "provider")
    assert [r.service for r in path(book).services] == ["coaching", "activity", "trial_work"]
