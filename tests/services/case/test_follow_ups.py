from datetime import date

import pytest

from events.follow_up import FollowUpCancelled, FollowUpDone, FollowUpPlanned
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.case.follow_ups.commands import CancelFollowUp, DoFollowUp, PlanFollowUp
from tests.given_when_then import Case

PLANNED = FollowUpPlanned(kind="after_contact", due_on=date(2022, 11, 30), earliest_on=date(2022, 9, 30))


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def test_plan_after_another_organisations_entry(case: Case) -> None:
    case.when(PlanFollowUp(kind="employer_call", due_on=date(2022, 12, 7), after="d" * 32))
    case.then(FollowUpPlanned(kind="employer_call", due_on=date(2022, 12, 7), after="d" * 32))


@pytest.mark.parametrize("earliest", [date(2022, 12, 7), date(2022, 12, 8)])
def test_the_window_opens_before_it_closes(case: Case, earliest: date) -> None:
    plan = PlanFollowUp(kind="after_contact", due_on=date(2022, 12, 7), earliest_on=earliest)
    if earliest <= plan.due_on:
        assert case.when(plan)
    else:
        case.refused("ends_before_it_starts", plan, field="due_on")


def test_done_late_or_early_is_done(case: Case) -> None:
    planned = case.given(PLANNED, on="2022-08-31")
    case.when(DoFollowUp(situation="working", on=date(2022, 8, 31)))
    case.then(FollowUpDone(follow_up=planned, situation="working"))


def test_done_before_it_was_planned_is_refused(case: Case) -> None:
    case.given(PLANNED, on="2022-08-31")
    case.refused("ends_before_it_starts", DoFollowUp(situation="working", on=date(2022, 8, 30)), field="on")


def test_each_is_settled_once(case: Case) -> None:
    planned = case.given(PLANNED, on="2022-08-31")
    case.when(CancelFollowUp(reason="client_moved"))
    case.then(FollowUpCancelled(follow_up=planned, reason="client_moved"))
    case.refused("nothing_to_refer_to", DoFollowUp(situation="working"), field="follow_up")
    case.refused("follow_up_already_settled", DoFollowUp(follow_up=planned, situation="working"), field="follow_up")
    case.refused("follow_up_already_settled", CancelFollowUp(follow_up=planned, reason="other"), field="follow_up")


def test_with_two_waiting_one_must_say_which(case: Case) -> None:
    case.given(PLANNED, on="2022-08-31")
    second = case.given(PLANNED, on="2022-08-31")
    case.refused("say_which_one", DoFollowUp(situation="working"), field="follow_up")
    assert case.when(DoFollowUp(follow_up=second, situation="not_reached"))


def test_corrections_are_held_to_the_same(case: Case) -> None:
    planned = case.given(PLANNED, on="2022-08-31")
    backwards = CorrectEntry(fact=planned, changes={"due_on": "2022-09-29"}, reason="päivä")
    case.refused("ends_before_it_starts", backwards, field="due_on")
    case.when(DoFollowUp(situation="working"))
    case.refused("others_rest_on_it", AnnulEntry(fact=planned, reason="turha"))
