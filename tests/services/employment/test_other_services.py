from datetime import date

import pytest

from events.service import ServiceEnded, ServiceStarted
from services.employment.other_services.commands import EndService, StartService
from tests.given_when_then import Case

STARTED = ServiceStarted(service="integration_training", title="Kotoutumiskoulutus")


@pytest.fixture
def case() -> Case:
    return Case("employment", role="employment_coach", on="2022-11-30")


def test_a_service_starts_and_ends(case: Case) -> None:
    service = case.when(StartService(service="integration_training", title="Kotoutumiskoulutus"))
    case.then(STARTED)
    case.when(EndService(outcome="completed"), on="2022-12-20")
    case.then(ServiceEnded(service=str(service), outcome="completed"))


def test_the_planned_end_is_not_before_the_beginning(case: Case) -> None:
    backwards = StartService(service="education", title="x", ends_on=date(2022, 11, 29))
    case.refused("ends_before_it_starts", backwards, field="ends_on")
    assert case.when(StartService(service="education", title="x", ends_on=date(2022, 11, 30)))


def test_it_ends_once_and_not_before_it_started(case: Case) -> None:
    case.refused("nothing_to_refer_to", EndService(outcome="other"), field="service")
    service = case.given(STARTED, on="2022-10-03")
    case.refused("ends_before_it_starts", EndService(outcome="other", on=date(2022, 10, 2)), field="on")
    case.when(EndService(outcome="other", on=date(2022, 10, 3)))
    case.refused("already_ended", EndService(service=service, outcome="other"), field="service")


def test_of_two_open_one_must_say_which(case: Case) -> None:
    case.given(STARTED)
    second = case.given(STARTED)
    case.refused("say_which_one", EndService(outcome="other"))
    case.when(EndService(service=second, outcome="employed"))
    case.then(ServiceEnded(service=second, outcome="employed"))


def test_only_the_employment_coach_records_services(case: Case) -> None:
    case.refused("role_not_allowed", StartService(service="education", title="x"), role="funder")
