from datetime import date

import pytest

from events.activity import ActivityEnded, ActivityStarted
from events.follow_up import FollowUpPlanned
from services.case.corrections.commands import CorrectEntry
from services.social.after_contact.commands import PlanAfterContact
from services.social.after_contact.domain import months_after
from tests.given_when_then import Case

END = "2022-11-30"


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-12-05")


def ended(case: Case, on: str = END) -> tuple[str, str]:
    activity = case.given(ActivityStarted(days_per_week=3, place="Työpaja"), on="2022-01-03")
    return activity, case.given(ActivityEnded(activity=activity, reason="period_ended"), on=on)


def planned(after: str | None, earliest: date, due: date) -> FollowUpPlanned:
    return FollowUpPlanned(kind="after_contact", after=after, earliest_on=earliest, due_on=due)


@pytest.mark.parametrize(("day", "months", "then"), [
    (date(2022, 11, 30), 1, date(2022, 12, 30)),
    (date(2022, 11, 30), 3, date(2023, 2, 28)),
    (date(2022, 12, 31), 1, date(2023, 1, 31)),
    (date(2023, 11, 30), 3, date(2024, 2, 29)),
    (date(2022, 9, 15), 3, date(2022, 12, 15)),
])
def test_months_after(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_the_contact_is_between_one_and_three_months_after_the_end(case: Case) -> None:
    _, end = ended(case)
    case.when(PlanAfterContact())
    case.then(planned(end, date(2022, 12, 30), date(2023, 2, 28)))


def test_other_days_can_be_given(case: Case) -> None:
    activity, end = ended(case)
    case.when(PlanAfterContact(activity=activity, earliest_on=date(2023, 1, 9), due_on=date(2023, 1, 31)))
    case.then(planned(end, date(2023, 1, 9), date(2023, 1, 31)))


def test_a_contact_sooner_than_the_practice_opens_its_own_window(case: Case) -> None:
    _, end = ended(case)
    case.when(PlanAfterContact(due_on=date(2022, 12, 12)))
    case.then(planned(end, date(2022, 12, 12), date(2022, 12, 12)))


def test_the_contact_cannot_be_before_the_end_nor_the_window_backwards(case: Case) -> None:
    ended(case)
    case.refused("contact_before_the_end", PlanAfterContact(due_on=date(2022, 11, 29)), field="due_on")
    backwards = PlanAfterContact(earliest_on=date(2023, 2, 1), due_on=date(2023, 1, 31))
    case.refused("ends_before_it_starts", backwards, field="due_on")
    assert case.when(PlanAfterContact(due_on=date(2022, 11, 30)))


def test_an_activity_under_way_has_no_after_contact_yet(case: Case) -> None:
    case.refused("nothing_to_refer_to", PlanAfterContact(), field="activity")
    activity = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    case.refused("activity_has_not_ended", PlanAfterContact(activity=activity), field="activity")


def test_left_out_it_is_the_one_that_still_awaits_its_contact(case: Case) -> None:
    ended(case)
    case.when(PlanAfterContact())
    case.refused("nothing_to_refer_to", PlanAfterContact(), field="activity")
    _, second = ended(case, on="2022-12-01")
    case.when(PlanAfterContact())
    case.then(planned(second, date(2023, 1, 1), date(2023, 3, 1)))


def test_the_end_of_anothers_activity_is_given_as_a_day(case: Case) -> None:
    case.when(PlanAfterContact(after_end_on=date(2022, 12, 5)))
    case.then(planned(None, date(2023, 1, 5), date(2023, 3, 5)))
    case.refused("has_not_happened_yet", PlanAfterContact(after_end_on=date(2022, 12, 6)), field="after_end_on")


def test_an_activity_and_a_day_are_not_both_given(case: Case) -> None:
    activity, _ = ended(case)
    both = PlanAfterContact(activity=activity, after_end_on=date(2022, 11, 30))
    case.refused("activity_or_its_last_day", both, field="after_end_on")


def test_the_end_cannot_be_corrected_past_its_after_contact(case: Case) -> None:
    _, end = ended(case)
    case.when(PlanAfterContact(due_on=date(2022, 12, 1)))
    case.refused("contact_before_the_end", CorrectEntry(fact=end, on=date(2022, 12, 2), reason="Väärä päivä"))


def test_only_the_own_social_worker_plans_it(case: Case) -> None:
    ended(case)
    case.refused("role_not_allowed", PlanAfterContact(), role="activity_supervisor")
