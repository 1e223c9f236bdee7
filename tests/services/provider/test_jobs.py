from datetime import date

import pytest

from events.coaching import CoachingEnded, CoachingStarted, InWorkSupportGiven, JobEnded, JobStarted
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.provider.jobs.commands import EndJob, GiveInWorkSupport, StartJob
from tests.given_when_then import Case

START = StartJob(employer="Malliyritys", title="Varastotyöntekijä", open_market=True, permanent=True)
STARTED = JobStarted(employer="Malliyritys", title="Varastotyöntekijä", open_market=True, permanent=True)
SUPPORT = GiveInWorkSupport(to="both", face_to_face=True)


@pytest.fixture
def case() -> Case:
    return Case("provider", role="job_coach", on="2022-11-30")


def coached(case: Case, on: str = "2022-09-01", ended: str | None = None) -> str:
    coaching = case.given(CoachingStarted(until=date(2022, 11, 30), direction="job_search"), on=on)
    if ended:
        case.given(CoachingEnded(coaching=coaching, reason="employment"), on=ended)
    return coaching


def test_a_job_may_stand_without_coaching(case: Case) -> None:
    case.when(START)
    case.then(STARTED)
    unknown = START.model_copy(update={"coaching": "d" * 32})
    case.refused("unknown_reference", unknown, field="coaching")


def test_a_job_may_begin_after_the_coaching_and_outlive_it(case: Case) -> None:
    coaching = coached(case, ended="2022-11-01")
    job = case.when(START, on="2022-11-14")
    assert case.new[0].says.coaching == coaching  # type: ignore[attr-defined]
    case.when(EndJob(reason="next_job"), on="2023-03-31")
    case.then(JobEnded(job=str(job), reason="next_job"))


def test_the_coaching_under_way_is_meant_first(case: Case) -> None:
    coached(case, on="2022-01-03", ended="2022-06-30")
    present = coached(case)
    case.when(START)
    assert case.new[0].says.coaching == present  # type: ignore[attr-defined]
    coached(case, on="2022-09-02")
    case.refused("say_which_one", START, field="coaching")


def test_a_job_before_the_coaching_did_not_come_of_it(case: Case) -> None:
    coached(case)
    case.refused("job_before_coaching", START.model_copy(update={"on": date(2022, 8, 31)}), field="on")
    assert case.when(START.model_copy(update={"on": date(2022, 9, 1)}))


@pytest.mark.parametrize(("hours", "possible"), [(0, False), (0.5, True), (168, True), (168.5, False)])
def test_hours_of_a_week(case: Case, hours: float, possible: bool) -> None:
    start = START.model_copy(update={"hours_per_week": hours})
    if possible:
        assert case.when(start)
    else:
        case.refused("job_hours_out_of_range", start, field="hours_per_week")


def test_a_job_ends_once_and_not_before_it_began(case: Case) -> None:
    case.refused("nothing_to_refer_to", EndJob(reason="other"), field="job")
    job = case.given(STARTED, on="2022-10-03")
    case.refused("ends_before_it_starts", EndJob(reason="other", on=date(2022, 10, 2)), field="on")
    case.when(EndJob(reason="other", on=date(2022, 10, 3)))
    case.refused("nothing_to_refer_to", EndJob(reason="other"), field="job")
    case.refused("already_ended", EndJob(job=job, reason="other"), field="job")


@pytest.mark.parametrize("day", ["2022-09-26", "2022-10-03", "2022-11-04"])
def test_support_comes_before_during_and_after_the_job(case: Case, day: str) -> None:
    job = case.given(STARTED, on="2022-10-03")
    case.given(JobEnded(job=job, reason="fixed_term_ended"), on="2022-11-01")
    case.when(SUPPORT.model_copy(update={"job": job, "on": date.fromisoformat(day)}))
    case.then(InWorkSupportGiven(job=job, to="both", face_to_face=True))


def test_support_needs_a_job(case: Case) -> None:
    case.refused("nothing_to_refer_to", SUPPORT, field="job")
    job = case.given(STARTED, on="2022-10-03")
    case.when(SUPPORT)
    case.refused("others_rest_on_it", AnnulEntry(fact=job, reason="väärä asiakas"))


def test_a_job_rests_on_its_coaching_and_corrections_are_held_to_the_same(case: Case) -> None:
    coaching = coached(case)
    job = case.when(START)
    assert job
    case.refused("others_rest_on_it", AnnulEntry(fact=coaching, reason="väärä asiakas"))
    no_hours = CorrectEntry(fact=job, changes={"hours_per_week": 0}, reason="tunnit")
    case.refused("job_hours_out_of_range", no_hours, field="hours_per_week")
