from datetime import date

import pytest

from events.activity import ActivityStarted
from events.plan import ImplementationPlanMade, ImplementationPlanUpdated
from services.case.corrections.commands import AnnulEntry
from services.social.implementation_plan.commands import MakeImplementationPlan, UpdateImplementationPlan
from tests.given_when_then import Case

MADE = ImplementationPlanMade(measures=("Ryhmä tiistaisin",))


@pytest.fixture
def case() -> Case:
    return Case("social", role="activity_supervisor")


def test_a_plan_is_made_for_an_activity_in_ones_own_file(case: Case) -> None:
    activity = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    case.when(MakeImplementationPlan(activity=activity, measures=("Ryhmä tiistaisin",), review_on=date(2023, 2, 1)))
    case.then(ImplementationPlanMade(activity=activity, measures=("Ryhmä tiistaisin",), review_on=date(2023, 2, 1)))


def test_a_plan_can_stand_without_the_activity_but_not_on_an_unknown_one(case: Case) -> None:
    case.refused("unknown_reference", MakeImplementationPlan(activity="f" * 32, measures=("x",)), field="activity")
    case.when(MakeImplementationPlan(measures=("Ryhmä tiistaisin",)), role="own_social_worker")
    case.then(MADE)


def test_an_update_gives_the_whole_content_anew(case: Case) -> None:
    made = case.given(MADE, on="2022-10-03")
    case.when(UpdateImplementationPlan(measures=("Valmentaja torstaisin",), coaching_included=True))
    case.then(ImplementationPlanUpdated(
        implementation_plan=made, measures=("Valmentaja torstaisin",), coaching_included=True
    ))


def test_what_was_never_made_is_not_updated(case: Case) -> None:
    case.refused("nothing_to_refer_to", UpdateImplementationPlan(measures=("x",)), field="implementation_plan")


def test_an_update_cannot_be_before_the_plan(case: Case) -> None:
    case.given(MADE, on="2022-10-03")
    early = UpdateImplementationPlan(measures=("x",), on=date(2022, 10, 2))
    case.refused("updated_before_it_was_made", early, field="on")
    assert case.when(UpdateImplementationPlan(measures=("x",), on=date(2022, 10, 3)))


def test_of_two_plans_one_must_say_which(case: Case) -> None:
    case.given(MADE)
    second = case.given(MADE)
    case.refused("say_which_one", UpdateImplementationPlan(measures=("x",)))
    case.when(UpdateImplementationPlan(implementation_plan=second, measures=("x",)))
    case.then(ImplementationPlanUpdated(implementation_plan=second, measures=("x",)))


def test_what_others_rest_on_is_not_taken_back(case: Case) -> None:
    activity = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    made = case.when(MakeImplementationPlan(activity=activity, measures=("x",)))
    case.refused("others_rest_on_it", AnnulEntry(fact=activity, reason="Virhe"))
    case.when(UpdateImplementationPlan(measures=("y",)))
    case.refused("others_rest_on_it", AnnulEntry(fact=str(made), reason="Virhe"))


def test_the_workshop_instructor_does_not_write_it(case: Case) -> None:
    case.refused("role_not_allowed", MakeImplementationPlan(measures=("x",)), role="workshop_instructor")
