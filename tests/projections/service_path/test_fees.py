from datetime import date

import pytest

from events.envelope import Fact
from events.fee import FeeApproved, FeeClaimed, FeeMilestoneRecorded, FeePaid, FeeRejected, FeeReopened
from projections.service_path.rows import FeeRow
from tests.projections.facts import ANY_REF, Book
from tests.projections.service_path.ask import path

COACHING = "d" * 32


def the_fee(book: Book, **viewer: str) -> FeeRow:
    (row,) = path(book, **viewer).fees
    return row


def claimed(fee: Fact) -> FeeClaimed:
    return FeeClaimed(fee=fee.ref, milestone="start_fee", coaching=COACHING, funder="a-funder")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def fee(book: Book) -> Fact:
    recorded = FeeMilestoneRecorded(milestone="start_fee", coaching=COACHING, evidence=(ANY_REF,))
    return book.fact(recorded, "2022-09-05", "provider")


@pytest.fixture
def claim(book: Book, fee: Fact) -> Fact:
    return book.fact(claimed(fee), "2022-09-10", "provider")


def test_a_recorded_milestone(book: Book, fee: Fact) -> None:
    assert the_fee(book) == FeeRow(
        ref=fee.ref, organisation="provider", coaching=COACHING, milestone="start_fee", state="recorded",
        claimed_on=None, decided_on=None, paid_on=None,
    )


def test_claimed_approved_and_paid(book: Book, fee: Fact, claim: Fact) -> None:
    assert (the_fee(book).state, the_fee(book).claimed_on) == ("claimed", date(2022, 9, 10))
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-20", "a-funder")
    assert (the_fee(book).state, the_fee(book).decided_on) == ("approved", date(2022, 9, 20))
    book.fact(FeePaid(claim=claim.ref, fee=fee.ref), "2022-10-05", "a-funder")
    row = the_fee(book)
    assert (row.state, row.decided_on, row.paid_on) == ("paid", date(2022, 9, 20), date(2022, 10, 5))


def test_an_answer_on_the_day_of_the_claim_comes_after_it(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-10", "a-funder")
    assert the_fee(book).state == "approved"


def test_rejected_and_claimed_again(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeRejected(claim=claim.ref, fee=fee.ref, reason="evidence_missing"), "2022-09-20", "a-funder")
    assert the_fee(book).state == "rejected"
    book.fact(claimed(fee), "2022-09-25", "provider")
    row = the_fee(book)
    assert (row.state, row.claimed_on, row.decided_on) == ("claimed", date(2022, 9, 25), None)


def test_reopened_has_no_decision_that_stands(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-20", "a-funder")
    reopened = FeeReopened(claim=claim.ref, fee=fee.ref, reason="evidence_corrected")
    book.fact(reopened, "2022-10-01", "provider")
    assert (the_fee(book).state, the_fee(book).decided_on) == ("reopened", None)


def test_only_the_two_parties_of_a_claim_speak_of_it(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeRejected(claim=claim.ref, fee=fee.ref, reason="evidence_missing"), "2022-09-20", "another-funder")
    assert the_fee(book).state == "claimed"
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-20", "a-funder")
    book.fact(FeePaid(claim=claim.ref, fee=fee.ref), "2022-09-21", "another-funder")
    assert the_fee(book).state == "approved"


def test_on_one_day_the_later_word_of_two_organisations_counts(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-20", "z-funder", hour=9)
    reopened = FeeReopened(claim=claim.ref, fee=fee.ref, reason="evidence_corrected")
    book.fact(reopened, "2022-09-20", "provider", hour=14)
    assert the_fee(book).state == "reopened"


def test_a_claim_without_its_milestone_tells_it_too(book: Book) -> None:
    book.fact(FeeClaimed(fee=ANY_REF, milestone="result_fee", coaching=COACHING, funder="a-funder"), "2022-09-10", "provider")
    row = the_fee(book)
    assert (row.ref, row.milestone, row.organisation, row.state) == (ANY_REF, "result_fee", "provider", "claimed")


def test_a_decision_alone_guesses_nothing(book: Book) -> None:
    book.fact(FeeApproved(claim="e" * 32, fee=ANY_REF), "2022-09-10", "a-funder")
    row = the_fee(book)
    assert (row.milestone, row.organisation, row.claimed_on, row.state) == (None, None, None, "approved")


def test_the_job_coach_sees_what_the_own_organisation_recorded(book: Book, fee: Fact, claim: Fact) -> None:
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-20", "a-funder")
    assert the_fee(book, role="job_coach", organisation="provider").state == "claimed"
    assert the_fee(book, role="team_leader", organisation="provider").state == "approved"
    assert path(book, role="job_coach", organisation="second-provider").fees == ()
