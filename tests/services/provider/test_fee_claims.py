from datetime import date

import msgspec
import pytest
from pydantic import ValidationError

from events.coaching import CoachingEnded, CoachingMeetingHeld, CoachingStarted, JobStarted, NextStepTaken
from events.envelope import Says
from events.fee import FeeApproved, FeeClaimed, FeeMilestoneRecorded, FeePaid, FeeRejected, FeeReopened, Milestone
from events.health import SickLeaveNoted
from events.internal import FeeDecisionNoted
from events.referral import ReferralAccepted
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.provider.fee_claims.commands import ClaimFee, RecordFeeMilestone, ReopenFee
from services.provider.jobs.commands import GiveInWorkSupport
from tests.given_when_then import Case

CLAIM = ClaimFee(funder="funder")


@pytest.fixture
def case() -> Case:
    return Case("provider", role="job_coach", on="2022-11-30")


def coached(case: Case, on: str = "2022-09-01") -> str:
    return case.given(CoachingStarted(until=date(2022, 11, 30), direction="job_search"), on=on)


def stepped(case: Case, coaching: str, on: str = "2022-10-10") -> str:
    return case.given(NextStepTaken(coaching=coaching, step="sick_leave"), on=on)


def record(*evidence: str, milestone: Milestone = "steering_fee", **more: object) -> RecordFeeMilestone:
    return RecordFeeMilestone.model_validate({"milestone": milestone, "evidence": evidence, **more})


def claimed(case: Case) -> tuple[str, str, str]:
    """A step, the steering fee that it proves, and the claim of it."""
    step = stepped(case, coached(case))
    fee = str(case.when(record(step)))
    return step, fee, str(case.when(CLAIM))


# Recording.


def test_a_milestone_refers_to_what_proves_it_and_tells_nothing_of_it(case: Case) -> None:
    coaching = coached(case)
    step = stepped(case, coaching)
    case.when(record(step, step))
    case.then(FeeMilestoneRecorded(milestone="steering_fee", coaching=coaching, evidence=(step,)))
    assert b"sick_leave" not in msgspec.json.encode(case.new[0])


def test_once_for_each_coaching(case: Case) -> None:
    step = stepped(case, coached(case))
    case.when(record(step))
    case.refused("milestone_already_recorded", record(step), field="milestone")
    other = coached(case, on="2022-10-01")
    assert case.when(record(stepped(case, other)))


def test_evidence_is_at_least_one_own_entry_that_holds(case: Case) -> None:
    with pytest.raises(ValidationError):
        record()
    case.refused("unknown_reference", record("d" * 32), field="evidence")
    step = stepped(case, coached(case))
    case.when(AnnulEntry(fact=step, reason="väärä asiakas"))
    case.refused("unknown_reference", record(step), field="evidence")


def test_what_fits_each_milestone(case: Case) -> None:
    coaching = coached(case)
    meeting = case.given(CoachingMeetingHeld(coaching=coaching))
    step = stepped(case, coaching)
    job = case.given(JobStarted(coaching=coaching, employer="Malliyritys", title="x", open_market=True, permanent=True))
    support = str(case.when(GiveInWorkSupport(to="client", face_to_face=True)))
    ended = case.given(CoachingEnded(coaching=coaching, reason="employment"))
    fitting: dict[Milestone, list[str]] = {
        "start_fee": [coaching, meeting], "steering_fee": [step, ended], "result_fee": [job, support]
    }
    for milestone, own in fitting.items():
        for others in (fitting[m] for m in fitting if m != milestone):
            for evidence in others:
                case.refused("evidence_does_not_fit", record(evidence, milestone=milestone), field="evidence")
        assert case.when(record(*own, milestone=milestone))


@pytest.mark.parametrize(
    "says",
    [
        SickLeaveNoted(from_day=date(2022, 11, 1), until=date(2022, 11, 30), certificate_seen=True),
        FeePaid(claim="d" * 32, fee="d" * 32),
    ],
)
def test_unrelated_entries_prove_nothing(case: Case, says: Says) -> None:
    coached(case)
    case.refused("evidence_does_not_fit", record(case.given(says)), field="evidence")


def test_an_accepted_referral_proves_the_start_of_its_own_coaching(case: Case) -> None:
    accepted = case.given(ReferralAccepted(sender="social"), on="2022-08-22")
    started = CoachingStarted(until=date(2022, 11, 30), direction="job_search", referral=accepted)
    coaching = case.given(started, on="2022-09-01")
    other = coached(case)
    case.refused("evidence_of_another_coaching", record(accepted, milestone="start_fee", coaching=other))
    case.when(record(accepted, milestone="start_fee"))
    case.then(FeeMilestoneRecorded(milestone="start_fee", coaching=coaching, evidence=(accepted,)))


def test_evidence_of_another_coaching_is_refused(case: Case) -> None:
    first, second = coached(case), coached(case, on="2022-09-02")
    step, other = stepped(case, first), stepped(case, second)
    case.refused("evidence_of_another_coaching", record(step, other), field="evidence")
    case.refused("evidence_of_another_coaching", record(step, coaching=second), field="evidence")


def test_a_job_of_no_coaching_proves_no_result(case: Case) -> None:
    job = case.given(JobStarted(employer="Malliyritys", title="x", open_market=True, permanent=True))
    case.refused("evidence_of_another_coaching", record(job, milestone="result_fee"), field="evidence")
    for named in (coached(case), None):
        command = record(job, milestone="result_fee", coaching=named)
        case.refused("evidence_of_another_coaching", command, field="evidence")


def test_a_condition_is_not_met_before_its_evidence(case: Case) -> None:
    step = stepped(case, coached(case), on="2022-10-10")
    case.refused("milestone_before_its_evidence", record(step, on=date(2022, 10, 9)), field="on")
    assert case.when(record(step, on=date(2022, 10, 10)))


def test_an_unclaimed_milestone_rests_on_its_evidence(case: Case) -> None:
    step = stepped(case, coached(case))
    fee = case.when(record(step))
    assert fee
    case.refused("others_rest_on_it", AnnulEntry(fact=step, reason="virhe"))
    no_evidence = CorrectEntry(fact=fee, changes={"evidence": []}, reason="virhe")
    case.refused("evidence_missing", no_evidence, field="evidence")
    other_kind = CorrectEntry(fact=fee, changes={"milestone": "result_fee"}, reason="virhe")
    case.refused("evidence_does_not_fit", other_kind, field="evidence")


# Claiming.


def test_a_recorded_milestone_is_claimed_once(case: Case) -> None:
    case.refused("nothing_to_refer_to", CLAIM, field="fee")
    coaching = coached(case)
    fee = str(case.when(record(stepped(case, coaching))))
    case.when(CLAIM)
    case.then(FeeClaimed(fee=fee, milestone="steering_fee", coaching=coaching, funder="funder"))
    case.refused("nothing_to_refer_to", CLAIM, field="fee")
    case.refused("fee_already_claimed", ClaimFee(fee=fee, funder="funder"), field="fee")
    case.refused("unknown_reference", ClaimFee(fee=coaching, funder="funder"), field="fee")


def test_not_claimed_before_the_condition_was_met(case: Case) -> None:
    case.when(record(stepped(case, coached(case)), on=date(2022, 11, 1)))
    early = ClaimFee(funder="funder", on=date(2022, 10, 31))
    case.refused("claimed_before_recorded", early, field="on")
    assert case.when(early.model_copy(update={"on": date(2022, 11, 1)}))


def test_claimed_again_only_after_the_funder_rejected_it(case: Case) -> None:
    _, fee, claim = claimed(case)
    again = ClaimFee(fee=fee, funder="funder")
    case.hears(FeeApproved(claim=claim, fee=fee), source="funder")
    case.refused("fee_already_claimed", again)
    case.hears(FeeRejected(claim=claim, fee=fee, reason="evidence_missing"), source="funder")
    second = case.when(again)
    assert second
    case.refused("fee_already_claimed", again)
    case.hears(FeeRejected(claim=second, fee=fee, reason="other"), source="funder")
    case.hears(FeeReopened(claim=second, fee=fee, reason="decision_corrected"), source="funder")
    case.refused("fee_already_claimed", again)


def test_a_claim_says_what_was_recorded_and_rests_on_it(case: Case) -> None:
    _, fee, claim = claimed(case)
    case.refused("others_rest_on_it", AnnulEntry(fact=fee, reason="virhe"))
    case.refused("others_rest_on_it", CorrectEntry(fact=claim, changes={"milestone": "result_fee"}, reason="virhe"))
    case.when(AnnulEntry(fact=claim, reason="väärä rahoittaja"))
    assert case.when(ClaimFee(funder="other-funder"))


def test_a_claim_cannot_become_a_second_claim_of_another_fee(case: Case) -> None:
    _, _, first = claimed(case)
    other = coached(case, on="2022-10-01")
    case.when(record(stepped(case, other)))
    second = case.when(CLAIM)
    assert second
    same = {n: getattr(case.file.find(first, FeeClaimed).says, n) for n in ("coaching", "fee")}  # type: ignore[union-attr]
    case.refused("fee_already_claimed", CorrectEntry(fact=second, changes=same, reason="virhe"), field="fee")


# The funder's word.


@pytest.mark.parametrize(
    ("word", "decision"),
    [(FeeApproved, "approved"), (FeePaid, "paid"), (FeeReopened, "reopened"), (FeeRejected, "rejected")],
)
def test_the_funders_word_is_noted_by_reference(case: Case, word: type[Says], decision: str) -> None:
    _, fee, claim = claimed(case)
    reason = {FeeReopened: {"reason": "decision_corrected"}, FeeRejected: {"reason": "other"}}.get(word, {})
    heard = case.hears(word(claim=claim, fee=fee, **reason), source="funder")
    case.then(msgspec.convert({"claim": claim, "fee": fee, "decision": decision, "fact": heard}, FeeDecisionNoted))
    case.refused("others_rest_on_it", AnnulEntry(fact=claim, reason="virhe"))


def test_only_the_funder_that_was_asked_decides_on_an_own_claim(case: Case) -> None:
    _, fee, claim = claimed(case)
    case.hears(FeeApproved(claim=claim, fee=fee), source="other-funder")
    case.then()
    case.hears(FeeApproved(claim="d" * 32, fee=fee), source="funder")
    case.then()


def test_a_rejection_taken_back_is_taken_back_here_too(case: Case) -> None:
    _, fee, claim = claimed(case)
    rejected = FeeRejected(claim=claim, fee=fee, reason="other")
    heard = case.hears(rejected, source="funder")
    case.hears(rejected, source="funder", corrects=heard)
    case.then()
    case.hears(rejected, source="other-funder", corrects=heard, annuls=True)
    case.then()
    case.hears(rejected, source="funder", corrects=heard, annuls=True)
    assert case.new[0].annuls
    case.refused("fee_already_claimed", ClaimFee(fee=fee, funder="funder"))


def test_a_rejection_taken_back_after_a_new_claim_stops_nothing(case: Case) -> None:
    _, fee, claim = claimed(case)
    rejected = FeeRejected(claim=claim, fee=fee, reason="other")
    heard = case.hears(rejected, source="funder")
    assert case.when(ClaimFee(fee=fee, funder="funder"))
    case.hears(rejected, source="funder", corrects=heard, annuls=True)
    assert case.new[0].annuls


# Opened again.


def test_a_correction_of_the_evidence_reopens_the_claim(case: Case) -> None:
    step, fee, claim = claimed(case)
    case.when(CorrectEntry(fact=step, changes={"step": "education"}, reason="väärä askel"))
    assert case.new[1].says == FeeReopened(claim=claim, fee=fee, reason="evidence_corrected")
    assert case.new[1].command_id == case.new[0].command_id
    case.when(AnnulEntry(fact=step, reason="ei tapahtunut"))
    assert case.new[1].says == FeeReopened(claim=claim, fee=fee, reason="evidence_annulled")
    case.refused("fee_already_claimed", ClaimFee(fee=fee, funder="funder"))


def test_coaching_that_never_was_reopens_the_claim_of_its_start(case: Case) -> None:
    coaching = coached(case)
    fee = str(case.when(record(coaching, milestone="start_fee")))
    claim = str(case.when(CLAIM))
    case.when(AnnulEntry(fact=coaching, reason="väärä asiakas"))
    assert case.new[1].says == FeeReopened(claim=claim, fee=fee, reason="evidence_annulled")


def test_a_correction_of_the_milestone_reopens_its_claim(case: Case) -> None:
    step, fee, claim = claimed(case)
    second = stepped(case, str(case.file.of(CoachingStarted)[0].ref), on="2022-10-11")
    case.when(CorrectEntry(fact=fee, changes={"evidence": [second]}, reason="väärä todiste"))
    assert case.new[1].says == FeeReopened(claim=claim, fee=fee, reason="evidence_corrected")
    wrong = CorrectEntry(fact=fee, changes={"evidence": [claim]}, reason="väärä todiste")
    case.refused("others_rest_on_it", wrong)
    case.when(AnnulEntry(fact=step, reason="ei tapahtunut"))
    assert len(case.new) == 1


def test_what_proves_no_claim_reopens_nothing(case: Case) -> None:
    coaching = coached(case)
    case.when(record(stepped(case, coaching)))
    case.when(CLAIM)
    other = stepped(case, coaching, on="2022-10-20")
    case.when(AnnulEntry(fact=other, reason="ei tapahtunut"))
    assert len(case.new) == 1


def test_a_reopening_is_not_taken_back(case: Case) -> None:
    step, *_ = claimed(case)
    case.when(AnnulEntry(fact=step, reason="ei tapahtunut"))
    case.refused("reopening_stands", AnnulEntry(fact=case.new[1].fact_id, reason="hiljaa"), field="fact")


def test_the_team_leader_reopens_a_wrong_decision(case: Case) -> None:
    _, fee, claim = claimed(case)
    case.refused("role_not_allowed", ReopenFee())
    case.when(ReopenFee(), role="team_leader")
    case.then(FeeReopened(claim=claim, fee=fee, reason="decision_corrected"))


def test_without_a_claim_there_is_nothing_to_reopen(case: Case) -> None:
    case.refused("nothing_to_refer_to", ReopenFee(), field="claim", role="team_leader")
