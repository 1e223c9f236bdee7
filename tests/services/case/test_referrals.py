from datetime import date

import pytest

from events.activity import ActivityStarted
from events.case import CaseOpened
from events.identity import ClientIntroduced
from events.internal import ReferralNoted, ReferralWithdrawalNoted
from events.referral import ReferralAccepted, ReferralDeclined, ReferralLanded, ReferralMade, ReferralWithdrawn
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.case.referrals.commands import (
    AcceptReferral,
    DeclineReferral,
    MakeReferral,
    RecordLanding,
    WithdrawReferral,
)
from tests.given_when_then import CLIENT, Case

TO_US = ReferralMade(to="own", service="Työhönvalmennus", reason="Nivelvaihe")
TO_OTHERS = ReferralMade(to="provider", service="Työhönvalmennus", reason="Nivelvaihe")


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def refer(to: str = "provider", **more: object) -> MakeReferral:
    return MakeReferral.model_validate({"to": to, "service": "Työhönvalmennus", "reason": "Nivelvaihe", **more})


# The sender.


def test_a_referral_introduces_the_client_in_the_same_transaction(case: Case) -> None:
    made = case.when(refer(on=date(2022, 11, 1)))
    case.then(TO_OTHERS, ClientIntroduced(to="provider", referral=made, register_entry=CLIENT))
    assert {f.command_id for f in case.new} == {case.new[0].command_id}
    assert [f.occurred_on for f in case.new] == [date(2022, 11, 1)] * 2


def test_a_client_who_is_known_there_is_not_introduced(case: Case) -> None:
    case.when(refer(introduces=False))
    assert [f.name for f in case.new] == ["ReferralMade"]


def test_the_introduction_is_corrected_with_its_referral(case: Case) -> None:
    made = case.when(refer())
    assert made
    introduced = case.new[1].fact_id
    case.when(CorrectEntry(fact=made, changes={"reason": "Uusi suunta"}, reason="sana puuttui"))
    assert len(case.new) == 1
    case.when(CorrectEntry(fact=made, changes={"to": "provider-2"}, reason="väärä vastaanottaja"))
    assert case.new[1].says == ClientIntroduced(to="provider-2", referral=made, register_entry=CLIENT)
    assert case.new[1].corrects == introduced


@pytest.mark.parametrize("annulled", [True, False])
def test_the_introduction_is_taken_back_with_its_referral(case: Case, annulled: bool) -> None:
    made = case.when(refer())
    assert made
    if annulled:
        case.when(AnnulEntry(fact=made, reason="väärä asiakas"))
    else:
        case.when(CorrectEntry(fact=made, changes={"introduces": False}, reason="tunnetaan jo"))
    assert (case.new[1].name, case.new[1].annuls) == ("ClientIntroduced", True)
    assert case.file.of(ClientIntroduced) == []


def test_to_oneself_is_refused(case: Case) -> None:
    case.refused("refers_to_oneself", refer(to="own"), field="to")


def test_an_answer_cannot_be_expected_before_it_is_asked(case: Case) -> None:
    case.refused("ends_before_it_starts", refer(answer_by=date(2022, 11, 29)), field="answer_by")
    assert case.when(refer(answer_by=date(2022, 11, 30)))


def test_withdraw_whatever_the_receiver_may_have_said(case: Case) -> None:
    made = case.given(TO_OTHERS, on="2022-11-01")
    case.hears(ReferralAccepted(referral=made, sender="own"), source="provider")
    case.then()
    case.when(WithdrawReferral(reason="need_changed"))
    case.then(ReferralWithdrawn(referral=made, to=TO_OTHERS.to, reason="need_changed"))
    case.refused("nothing_to_refer_to", WithdrawReferral(reason="need_changed"), field="referral")
    case.refused("referral_already_withdrawn", WithdrawReferral(referral=made, reason="need_changed"))
    case.refused("others_rest_on_it", AnnulEntry(fact=made, reason="väärä asiakas"))


def test_withdrawn_before_it_was_made_is_refused(case: Case) -> None:
    case.given(TO_OTHERS, on="2022-11-02")
    case.refused("ends_before_it_starts", WithdrawReferral(reason="other", on=date(2022, 11, 1)), field="on")
    assert case.when(WithdrawReferral(reason="other", on=date(2022, 11, 2)))


# The receiver.


def test_a_referral_is_noted_by_reference_only_by_whom_it_asks(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    case.then(ReferralNoted(referral=referral, sender="employment"))
    case.hears(TO_OTHERS, source="employment")
    case.then()


def test_a_referral_heard_again_is_noted_once(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    case.hears(TO_US, source="employment", corrects=referral)
    case.then()


def test_a_referral_corrected_to_ask_us_is_noted(case: Case) -> None:
    case.hears(TO_US, source="employment", corrects="d" * 32)
    case.then(ReferralNoted(referral="d" * 32, sender="employment"))


@pytest.mark.parametrize(("says", "annuls"), [(TO_US, True), (TO_OTHERS, False)])
def test_a_referral_that_no_longer_asks_us_counts_as_withdrawn(case: Case, says: ReferralMade, annuls: bool) -> None:
    referral = case.hears(TO_US, source="employment")
    case.hears(says, source="employment", corrects=referral, annuls=annuls)
    case.then(ReferralWithdrawalNoted(referral=referral))


def test_only_the_sender_withdraws(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    withdrawn = ReferralWithdrawn(referral=referral, to="own", reason="need_changed")
    case.hears(withdrawn, source="provider")
    case.then()
    case.hears(withdrawn, source="employment", annuls=True, corrects="e" * 32)
    case.then()
    heard = case.hears(withdrawn, source="employment")
    case.then(ReferralWithdrawalNoted(referral=referral))
    case.hears(withdrawn, source="employment", corrects=heard)
    case.then()
    case.hears(ReferralWithdrawn(referral="d" * 32, to="own", reason="need_changed"), source="employment")
    case.then()


def test_accept_the_only_one_waiting(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    case.when(AcceptReferral(first_meeting_on=date(2022, 12, 5)))
    case.then(ReferralAccepted(referral=referral, sender="employment", first_meeting_on=date(2022, 12, 5)))
    case.refused("nothing_to_refer_to", AcceptReferral(), field="referral")
    case.refused("referral_already_answered", DeclineReferral(referral=referral, reason="no_capacity"))
    case.refused("referral_already_answered", AcceptReferral(referral=referral))


def test_with_two_waiting_one_must_say_which(case: Case) -> None:
    case.hears(TO_US, source="employment")
    second = case.hears(TO_US, source="provider")
    case.refused("say_which_one", DeclineReferral(reason="no_capacity"), field="referral")
    case.when(DeclineReferral(referral=second, reason="no_capacity"))
    case.then(ReferralDeclined(referral=second, sender="provider", reason="no_capacity"))


def test_accepted_on_paper(case: Case) -> None:
    case.when(AcceptReferral(sender="employment"))
    case.then(ReferralAccepted(sender="employment"))
    case.refused("refers_to_oneself", AcceptReferral(sender="own"), field="sender")


def test_what_was_not_heard_of_cannot_be_answered(case: Case) -> None:
    case.refused("nothing_to_refer_to", AcceptReferral(), field="referral")
    case.refused("unknown_reference", AcceptReferral(referral="d" * 32), field="referral")
    referral = case.hears(TO_US, source="employment")
    case.refused("noted_or_on_paper", AcceptReferral(referral=referral, sender="employment"), field="sender")


def test_accepting_after_a_noted_withdrawal_is_refused_until_the_withdrawal_is_annulled(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    withdrawn = case.hears(ReferralWithdrawn(referral=referral, to="own", reason="need_changed"), source="employment")
    case.refused("nothing_to_refer_to", AcceptReferral())
    case.refused("referral_withdrawn", AcceptReferral(referral=referral), field="referral")
    again = ReferralWithdrawn(referral=referral, to="own", reason="need_changed")
    case.hears(again, source="provider", corrects=withdrawn, annuls=True)
    case.then()
    case.hears(again, source="employment", corrects=withdrawn, annuls=True)
    assert case.when(AcceptReferral())


def test_a_withdrawal_after_acceptance_is_noted(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    case.when(AcceptReferral())
    case.hears(ReferralWithdrawn(referral=referral, to="own", reason="need_changed"), source="employment")
    case.then(ReferralWithdrawalNoted(referral=referral))


def test_an_answer_cannot_be_corrected_to_what_was_not_asked(case: Case) -> None:
    case.hears(TO_US, source="employment")
    accepted = case.when(AcceptReferral())
    assert accepted
    wrong = CorrectEntry(fact=accepted, changes={"referral": "d" * 32}, reason="väärä lähete")
    case.refused("unknown_reference", wrong, field="referral")


# Landing.


def test_a_landing_is_shown_by_an_own_entry_and_has_its_day(case: Case) -> None:
    referral = case.hears(TO_US, source="employment", on="2022-11-01")
    case.when(AcceptReferral(), on="2022-11-02")
    started = case.given(ActivityStarted(days_per_week=3, place="Työpaja"), on="2022-11-14")
    case.when(RecordLanding(evidence=started), on="2022-11-30")
    case.then(ReferralLanded(referral=referral, sender="employment", evidence=started))
    assert case.new[0].occurred_on == date(2022, 11, 14)
    case.refused("nothing_to_refer_to", RecordLanding(evidence=started))
    case.refused("referral_already_landed", RecordLanding(referral=referral, evidence=started))


def test_a_referral_on_paper_lands_under_the_name_of_its_acceptance(case: Case) -> None:
    case.given(ReferralAccepted(sender="employment"))
    second = case.given(ReferralAccepted(sender="employment"))
    started = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    case.refused("say_which_one", RecordLanding(evidence=started), field="referral")
    case.when(RecordLanding(referral=second, evidence=started))
    case.then(ReferralLanded(referral=second, sender="employment", evidence=started))


def test_what_shows_no_landing_is_refused(case: Case) -> None:
    accepted = case.given(ReferralAccepted(sender="employment"))
    opened = case.given(CaseOpened())
    for evidence in (accepted, opened, "d" * 32):
        case.refused("does_not_show_a_landing", RecordLanding(evidence=evidence), field="evidence")


def test_a_referral_not_accepted_has_not_landed(case: Case) -> None:
    referral = case.hears(TO_US, source="employment")
    started = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    case.refused("nothing_to_refer_to", RecordLanding(evidence=started), field="referral")
    case.refused("unknown_reference", RecordLanding(referral=referral, evidence=started), field="referral")


def test_a_landing_rests_on_acceptance_and_evidence(case: Case) -> None:
    accepted = case.given(ReferralAccepted(sender="employment"))
    started = case.given(ActivityStarted(days_per_week=3, place="Työpaja"))
    case.when(RecordLanding(evidence=started))
    for fact in (accepted, started):
        case.refused("others_rest_on_it", AnnulEntry(fact=fact, reason="väärä asiakas"))
