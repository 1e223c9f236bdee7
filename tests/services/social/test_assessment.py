import pytest
from pydantic import ValidationError

from events.assessment import ReadinessChecked, ServiceNeedAssessed
from services.social.assessment.commands import AssessServiceNeed, CheckReadiness
from tests.given_when_then import Case


@pytest.fixture
def case() -> Case:
    return Case("social", role="activity_supervisor")


def test_service_need_is_recorded_as_said(case: Case) -> None:
    case.when(AssessServiceNeed(needs=("employment", "language"), clients_view="Haluan töihin."))
    case.then(ServiceNeedAssessed(needs=("employment", "language"), clients_view="Haluan töihin."))


def test_an_assessment_names_at_least_one_known_need() -> None:
    with pytest.raises(ValidationError):
        AssessServiceNeed(needs=())
    with pytest.raises(ValidationError):
        AssessServiceNeed(needs=("luck",))


def test_readiness_needs_no_tick_at_all(case: Case) -> None:
    case.when(CheckReadiness(ticked=(), with_client=True))
    case.then(ReadinessChecked(ticked=(), with_client=True))


@pytest.mark.parametrize("role", ["own_social_worker", "activity_supervisor"])
def test_both_may_check_readiness(case: Case, role: str) -> None:
    case.when(CheckReadiness(ticked=("turning_point_near",), with_client=False), role=role)
    case.then(ReadinessChecked(ticked=("turning_point_near",), with_client=False))


def test_the_workshop_instructor_does_not_assess(case: Case) -> None:
    case.refused("role_not_allowed", CheckReadiness(ticked=(), with_client=True), role="workshop_instructor")
    case.refused("role_not_allowed", AssessServiceNeed(needs=("housing",)), role="workshop_instructor")
