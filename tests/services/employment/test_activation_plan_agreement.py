from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from events.internal import PlanVersionNoted
from events.plan import ActivationPlanAgreed
from services.employment.activation_plan_agreement.commands import AgreeToActivationPlan
from tests.given_when_then import Case
from tests.services.plans import agreed, noted, version

PAPER = {"plan": "e" * 32, "plan_version": 2, "content_hash": "d" * 64}


@pytest.fixture
def case() -> Case:
    return Case("employment", role="employment_coach", organisation="te")


def test_a_version_that_names_this_organisation_is_noted(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.then(noted(plan, version(1), home="sote"))
    second = version(2, plan=plan)
    case.hears(second, source="sote")
    case.then(noted(plan, second, home="sote"))


def test_a_version_that_names_others_only_is_not(case: Case) -> None:
    case.hears(version(1, parties=("sote", "client", "toinen-te")), source="sote")
    case.then()


def test_a_corrected_day_notes_nothing_anew(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(1), source="sote", corrects=plan)
    case.then()


def test_a_version_taken_back_at_its_home_is_no_longer_agreed_to(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(1), source="sote", annuls=True, corrects=plan)
    assert [f.annuls for f in case.new] == [True]
    case.refused("nothing_to_refer_to", AgreeToActivationPlan(), field="plan")
    case.hears(version(1), source="sote", annuls=True, corrects=plan)
    case.then()


def test_it_agrees_for_itself_to_the_newest_version(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(2, plan=plan), source="sote")
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version(2), "te"))


def test_the_newest_is_by_number_not_by_arrival(case: Case) -> None:
    plan = "a" * 32
    case.hears(version(2, plan=plan), source="sote")
    case.hears(version(1, plan=plan), source="sote")
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version(2), "te"))


def test_nobody_takes_a_plan_from_its_home_by_naming_it_first(case: Case) -> None:
    plan = "a" * 32
    case.hears(version(9, plan=plan), source="another")
    case.hears(version(1, plan=plan), source="sote")
    case.then(noted(plan, version(1), home="sote"))
    case.refused("say_which_one", AgreeToActivationPlan(), field="plan")
    case.when(AgreeToActivationPlan(plan_version=1))
    case.then(agreed(plan, version(1), "te"))


def test_an_older_noted_version_can_be_named(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.hears(version(2, plan=plan), source="sote")
    case.when(AgreeToActivationPlan(plan_version=1))
    case.then(agreed(plan, version(1), "te"))
    case.refused("unknown_reference", AgreeToActivationPlan(plan_version=3), field="plan")


def test_one_seen_on_paper_needs_plan_number_and_hash(case: Case) -> None:
    case.when(AgreeToActivationPlan(**PAPER))
    case.then(ActivationPlanAgreed(**PAPER, party="te"))
    for missing in PAPER:
        partly = {field: value for field, value in PAPER.items() if field != missing}
        case.refused("unknown_reference", AgreeToActivationPlan(**partly))


@pytest.mark.parametrize("wrong", [{"content_hash": "abc"}, {"plan_version": 0}, {"plan": "plan 1"}])
def test_what_is_no_reference_or_hash_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AgreeToActivationPlan(**{**PAPER, **wrong})


def test_nobody_agrees_twice_to_one_version_but_again_to_the_next(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.when(AgreeToActivationPlan())
    case.refused("already_agreed", AgreeToActivationPlan(), field="plan")
    case.hears(version(2, plan=plan), source="sote")
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version(2), "te"))


def test_the_same_number_with_another_content_is_another_version(case: Case) -> None:
    plan = case.hears(version(1), source="sote")
    case.when(AgreeToActivationPlan())
    again = msgspec.structs.replace(version(1, plan=plan), content_hash="9" * 64)
    case.hears(again, source="sote")
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, again, "te"))


def test_of_two_plans_the_one_that_awaits_is_meant(case: Case) -> None:
    first = case.hears(version(1), source="sote")
    second = case.hears(version(1), source="sote")
    case.refused("say_which_one", AgreeToActivationPlan(), field="plan")
    case.when(AgreeToActivationPlan(plan=first))
    case.when(AgreeToActivationPlan())
    case.then(agreed(second, version(1), "te"))


def test_nothing_noted_nothing_named(case: Case) -> None:
    case.refused("nothing_to_refer_to", AgreeToActivationPlan(), field="plan")


def test_the_funder_does_not_agree_to_plans(case: Case) -> None:
    case.refused("role_not_allowed", AgreeToActivationPlan(**PAPER), role="funder")


def test_a_note_holds_references_only() -> None:
    assert set(PlanVersionNoted.__struct_fields__) == {"plan", "plan_version", "content_hash", "home"}
