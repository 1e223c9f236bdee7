import pytest

from services.client.my_path.commands import AgreeToActivationPlan
from tests.given_when_then import Case
from tests.services.plans import agreed, noted, version


@pytest.fixture
def case() -> Case:
    return Case("client", role="client", organisation="oma-polku")


def test_a_version_to_which_the_client_is_a_party_is_noted(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.then(noted(plan, version(1), home="sote"))


def test_a_version_without_the_client_is_not(case: Case) -> None:
    case.hears(version(1, parties=("sote", "te", "oma-polku")), source="sote")
    case.then()


def test_the_client_agrees_as_client_to_the_newest_version(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(2, plan=plan), source="sote")
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version(2), "client"))


def test_the_client_agrees_once_to_a_version(case: Case) -> None:
    case.hears(version(1), source="sote")
    case.when(AgreeToActivationPlan())
    case.refused("already_agreed", AgreeToActivationPlan())


def test_a_version_taken_back_is_not_agreed_to(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(1), source="sote", annuls=True, corrects=plan)
    case.refused("nothing_to_refer_to", AgreeToActivationPlan(), field="plan")


def test_nobody_else_agrees_in_the_clients_place(case: Case) -> None:
    case.hears(version(1), source="sote")
    case.refused("role_not_allowed", AgreeToActivationPlan(), role="consent_clerk")
