from datetime import date

import pytest

from events.case import CaseClosed, CaseOpened
from services.case.cases.commands import CloseCase, OpenCase
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from tests.given_when_then import Case


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def closed_once(case: Case) -> tuple[str, str]:
    opened = case.given(CaseOpened(), on="2022-01-03")
    return opened, case.given(CaseClosed(case=opened, reason="goal_reached"), on="2022-06-30")


def test_open_for_the_first_time(case: Case) -> None:
    case.when(OpenCase(reason="Työtoiminta alkaa"))
    case.then(CaseOpened(reason="Työtoiminta alkaa"))


def test_close_the_open_case(case: Case) -> None:
    opened = case.given(CaseOpened(), on="2022-01-03")
    case.when(CloseCase(reason="moved_away"))
    case.then(CaseClosed(case=opened, reason="moved_away"))


def test_opening_after_a_closing_reopens_the_last_one(case: Case) -> None:
    closed_once(case)
    second = case.given(CaseOpened(), on="2022-08-01")
    last = case.given(CaseClosed(case=second, reason="no_contact"), on="2022-09-01")
    case.when(OpenCase())
    case.then(CaseOpened(reopens=last))


def test_reopening_on_the_day_of_the_closing(case: Case) -> None:
    _, closed = closed_once(case)
    case.when(OpenCase(on=date(2022, 6, 30)))
    case.then(CaseOpened(reopens=closed))


@pytest.mark.parametrize("day", [date(2022, 1, 2), date(2022, 1, 4)])
def test_open_twice_is_refused(case: Case, day: date) -> None:
    case.given(CaseOpened(), on="2022-01-03")
    case.refused("case_already_open", OpenCase(on=day))


def test_opening_inside_an_earlier_case_is_refused(case: Case) -> None:
    closed_once(case)
    case.refused("case_already_open", OpenCase(on=date(2022, 6, 29)))


def test_close_without_an_open_case_is_refused(case: Case) -> None:
    case.refused("nothing_to_refer_to", CloseCase(reason="other"), field="case")
    opened, _ = closed_once(case)
    case.refused("nothing_to_refer_to", CloseCase(reason="other"), field="case")
    case.refused("already_ended", CloseCase(case=opened, reason="other"), field="case")


def test_close_before_opening_is_refused(case: Case) -> None:
    case.given(CaseOpened(), on="2022-05-02")
    case.refused("ends_before_it_starts", CloseCase(reason="other", on=date(2022, 5, 1)), field="on")
    assert case.when(CloseCase(reason="other", on=date(2022, 5, 2)))


def test_others_rest_on_an_opening_and_on_a_closing(case: Case) -> None:
    opened, closed = closed_once(case)
    case.refused("others_rest_on_it", AnnulEntry(fact=opened, reason="väärä asiakas"))
    case.given(CaseOpened(reopens=closed), on="2022-08-01")
    case.refused("others_rest_on_it", AnnulEntry(fact=closed, reason="ei suljettu"))
    case.refused("case_already_open", CorrectEntry(fact=closed, reason="päivä", on=date(2022, 8, 2)))


def test_a_funder_has_no_cases(case: Case) -> None:
    case.refused("role_not_allowed", OpenCase(), role="funder")
    assert case.when(OpenCase(), role="adviser")
