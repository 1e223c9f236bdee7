from datetime import date
from typing import Any

import pytest

from events.fee import FeeApproved, FeeClaimed, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeClaimNoted, FeeDecisionNoted
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.employment.fee_approval.commands import ApproveFee, PayFee, RejectFee, ReopenFee
from tests.given_when_then import Case

FEE, OTHER_FEE = "f" * 32, "e" * 32


@pytest.fixture
def case() -> Case:
    return Case("employment", role="funder", on="2023-03-01", organisation="rahoittaja")


def claim_of(fee: str = FEE, funder: str = "rahoittaja") -> FeeClaimed:
    return FeeClaimed(fee=fee, milestone="start_fee", coaching="c" * 32, funder=funder)


def claimed(case: Case, fee: str = FEE, person: str = "tiiminvetäjä", **how: Any) -> str:
    return case.hears(claim_of(fee), source="valmennus", role="team_leader", person=person, **how)


def reopened_by_provider(case: Case, claim: str, source: str = "valmennus", **how: Any) -> str:
    return case.hears(FeeReopened(claim=claim, fee=FEE, reason="evidence_corrected"), source=source, **how)


def note(claim: str, by: str = "tiiminvetäjä", fee: str = FEE) -> FeeClaimNoted:
    return FeeClaimNoted(claim=claim, fee=fee, provider="valmennus", claimed_by=by)


# Claims heard.


def test_a_claim_to_this_funder_is_noted_with_who_claimed(case: Case) -> None:
    claim = claimed(case)
    case.then(note(claim))


def test_a_claim_to_another_funder_is_not(case: Case) -> None:
    case.hears(claim_of(funder="toinen"), source="valmennus")
    case.then()


def test_a_claim_taken_back_before_a_decision_is_gone(case: Case) -> None:
    claim = claimed(case)
    claimed(case, annuls=True, corrects=claim)
    case.refused("nothing_to_refer_to", ApproveFee(), field="claim")


def test_a_claim_corrected_before_a_decision_is_followed(case: Case) -> None:
    claim = claimed(case)
    claimed(case, fee=OTHER_FEE, corrects=claim)
    case.then(note(claim, fee=OTHER_FEE))
    case.hears(claim_of(funder="toinen"), source="valmennus", corrects=claim)
    case.refused("nothing_to_refer_to", ApproveFee(), field="claim")


@pytest.mark.parametrize("annuls", [True, False])
def test_a_claim_changed_after_its_approval_is_open_again(case: Case, annuls: bool) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    change = claimed(case, corrects=claim, annuls=annuls)
    case.then(FeeDecisionNoted(claim=claim, fee=FEE, decision="reopened", fact=change))
    case.refused("claim_is_open", PayFee(claim=claim), field="claim")


# Decisions.


def test_approved_then_paid(case: Case) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    case.then(FeeApproved(claim=claim, fee=FEE, to="valmennus"))
    case.when(PayFee(), on="2023-03-15")
    case.then(FeePaid(claim=claim, fee=FEE, to="valmennus"))


def test_a_claim_is_named_by_its_own_id_or_by_the_note(case: Case) -> None:
    first, second = claimed(case), claimed(case, fee=OTHER_FEE)
    case.refused("say_which_one", ApproveFee(), field="claim")
    case.refused("unknown_reference", ApproveFee(claim="a" * 32), field="claim")
    case.when(ApproveFee(claim=first))
    case.then(FeeApproved(claim=first, fee=FEE, to="valmennus"))
    case.when(RejectFee(claim=case.file.of(FeeClaimNoted)[1].ref, reason="evidence_missing"))
    case.then(FeeRejected(claim=second, fee=OTHER_FEE, reason="evidence_missing", to="valmennus"))


def test_a_rejected_claim_can_be_approved_later(case: Case) -> None:
    claim = claimed(case)
    case.when(RejectFee(reason="more_information_needed"))
    case.refused("claim_is_rejected", RejectFee(claim=claim, reason="other"), field="claim")
    case.refused("claim_is_rejected", PayFee(claim=claim), field="claim")
    case.when(ApproveFee())
    case.then(FeeApproved(claim=claim, fee=FEE, to="valmennus"))


def test_an_approved_claim_is_not_decided_again_until_reopened(case: Case) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    case.refused("claim_is_approved", ApproveFee(claim=claim), field="claim")
    case.refused("claim_is_approved", RejectFee(claim=claim, reason="other"), field="claim")
    case.when(ReopenFee(reason="decision_corrected"))
    case.then(FeeReopened(claim=claim, fee=FEE, reason="decision_corrected", to="valmennus"))
    case.when(RejectFee(reason="wrong_period"))
    case.then(FeeRejected(claim=claim, fee=FEE, reason="wrong_period", to="valmennus"))


def test_what_is_undecided_is_neither_reopened_nor_paid(case: Case) -> None:
    claim = claimed(case)
    case.refused("claim_is_open", ReopenFee(claim=claim, reason="decision_corrected"), field="claim")
    case.refused("claim_is_open", PayFee(claim=claim), field="claim")
    case.refused("nothing_to_refer_to", PayFee(), field="claim")


def test_a_fee_is_never_paid_twice(case: Case) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    case.when(PayFee())
    case.refused("claim_is_paid", PayFee(claim=claim), field="claim")
    case.refused("claim_is_paid", ApproveFee(claim=claim), field="claim")
    case.when(ReopenFee(reason="evidence_corrected"))
    case.when(ApproveFee())
    case.then(FeeApproved(claim=claim, fee=FEE, to="valmennus"))
    case.refused("fee_already_paid", PayFee(), field="claim")


def test_two_claims_for_one_fee_are_not_both_approved(case: Case) -> None:
    first, second = claimed(case), claimed(case)
    case.when(ApproveFee(claim=first))
    case.refused("fee_already_approved", ApproveFee(claim=second), field="claim")
    case.when(PayFee())
    case.refused("fee_already_approved", ApproveFee(claim=second), field="claim")
    case.when(ReopenFee(claim=first, reason="decision_corrected"))
    case.when(ApproveFee(claim=second))
    case.refused("fee_already_paid", PayFee(claim=second), field="claim")


def test_decisions_on_a_claim_are_not_dated_backwards(case: Case) -> None:
    claimed(case)
    case.when(ApproveFee())
    case.refused("before_the_earlier_decision", PayFee(on=date(2023, 2, 28)), field="on")
    assert case.when(PayFee(on=date(2023, 3, 1)))


def test_an_approval_under_a_payment_is_not_taken_back(case: Case) -> None:
    claim = claimed(case)
    approved = case.when(ApproveFee())
    case.when(PayFee())
    case.refused("claim_is_open", AnnulEntry(fact=str(approved), reason="Virhe"))
    assert case.when(ReopenFee(claim=claim, reason="decision_corrected"))


def test_an_approvals_day_can_be_put_right_up_to_its_payment(case: Case) -> None:
    claimed(case)
    approved = str(case.when(ApproveFee(on=date(2023, 2, 27))))
    case.when(PayFee(on=date(2023, 2, 28)))
    late = CorrectEntry(fact=approved, on=date(2023, 3, 1), reason="Väärä päivä")
    case.refused("before_the_earlier_decision", late, field="on")
    assert case.when(CorrectEntry(fact=approved, on=date(2023, 2, 28), reason="Väärä päivä"))


def test_a_decision_is_not_corrected_to_another_fee(case: Case) -> None:
    claimed(case)
    approved = str(case.when(ApproveFee()))
    case.refused("others_rest_on_it", CorrectEntry(fact=approved, changes={"fee": OTHER_FEE}, reason="Virhe"))
    for other in (None, "another-provider"):
        case.refused("others_rest_on_it", CorrectEntry(fact=approved, changes={"to": other}, reason="Virhe"))


# Who may.


def test_whoever_claimed_never_approves(case: Case) -> None:
    claim = claimed(case, person="p7")
    case.refused("claimed_by_yourself", ApproveFee(), field="claim", person="p7")
    claimed(case, person="p8", corrects=claim)
    for person in ("p7", "p8"):
        case.refused("claimed_by_yourself", ApproveFee(), person=person)
    assert case.when(ApproveFee(), person="p9")


@pytest.mark.parametrize("command", [
    ApproveFee(), RejectFee(reason="other"), ReopenFee(reason="decision_corrected"), PayFee(),
])
def test_only_the_funder_decides(case: Case, command: Any) -> None:
    claimed(case)
    case.refused("role_not_allowed", command, role="employment_coach")


# The provider's reopening.


def test_the_providers_reopening_opens_an_approved_or_paid_claim(case: Case) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    heard = reopened_by_provider(case, claim)
    case.then(FeeDecisionNoted(claim=claim, fee=FEE, decision="reopened", fact=heard))
    case.refused("nothing_to_refer_to", PayFee())
    case.when(ApproveFee())
    case.when(PayFee())
    heard = reopened_by_provider(case, claim)
    case.then(FeeDecisionNoted(claim=claim, fee=FEE, decision="reopened", fact=heard))


def test_a_reopening_of_what_is_open_or_unknown_or_anothers_adds_nothing(case: Case) -> None:
    claim = claimed(case)
    reopened_by_provider(case, claim)
    case.then()
    reopened_by_provider(case, "a" * 32)
    case.then()
    case.when(ApproveFee())
    reopened_by_provider(case, claim, source="toinen-valmennus")
    case.then()


def test_a_reopening_corrected_or_taken_back_changes_nothing_more(case: Case) -> None:
    claim = claimed(case)
    case.when(ApproveFee())
    heard = reopened_by_provider(case, claim)
    case.when(ApproveFee())
    for annuls in (False, True):
        reopened_by_provider(case, claim, corrects=heard, annuls=annuls)
        case.then()
    assert case.when(PayFee())
