from datetime import date

import pytest

from events.coaching import CoachingEnded, CoachingStarted, EmployerMet
from services.case.corrections.commands import AnnulEntry
from services.provider.employer_contacts.commands import MeetEmployer
from tests.given_when_then import Case

MEET = MeetEmployer(employer="Malliyritys", face_to_face=True)


@pytest.fixture
def case() -> Case:
    return Case("provider", role="job_coach", on="2022-11-30")


def started(case: Case) -> str:
    return case.given(CoachingStarted(until=date(2022, 11, 30), direction="job_search"), on="2022-09-01")


def test_an_employer_is_met_for_the_coaching_under_way(case: Case) -> None:
    case.refused("nothing_to_refer_to", MEET, field="coaching")
    coaching = started(case)
    case.when(MEET)
    case.then(EmployerMet(coaching=coaching, employer="Malliyritys", face_to_face=True, initiative="clients_wish"))
    case.refused("others_rest_on_it", AnnulEntry(fact=coaching, reason="väärä asiakas"))


@pytest.mark.parametrize(
    ("day", "possible"),
    [("2022-08-31", False), ("2022-09-01", True), ("2022-11-01", True), ("2022-11-02", False)],
)
def test_only_between_the_start_and_the_end(case: Case, day: str, possible: bool) -> None:
    coaching = started(case)
    case.given(CoachingEnded(coaching=coaching, reason="other"), on="2022-11-01")
    meet = MEET.model_copy(update={"coaching": coaching, "on": date.fromisoformat(day)})
    if possible:
        assert case.when(meet)
    else:
        case.refused("outside_the_coaching", meet, field="on")
