from datetime import date

import msgspec
import pytest

from events.envelope import Fact
from events.statement import (
    EndorsementCancelled,
    EndorsementGiven,
    StatementCancelled,
    StatementCorrected,
    StatementGiven,
)
from projections.service_path.rows import StatementRow
from tests.projections.facts import ANY_REF, Book
from tests.projections.service_path.ask import path

GIVEN = StatementGiven(
    measure="activity", from_day=date(2022, 11, 14), until=date(2022, 12, 16), days_per_week=2, paying=True
)


def the_statement(book: Book, as_of: str = "2022-11-30") -> StatementRow:
    (row,) = path(book, as_of).statements
    return row


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def given(book: Book) -> Fact:
    return book.fact(GIVEN, "2022-11-10", "employment")


def corrected(statement: str) -> StatementCorrected:
    return StatementCorrected(
        statement=statement, from_day=date(2022, 11, 14), until=date(2023, 1, 31), days_per_week=3, paying=False,
        reason="väärä päivä",
    )


@pytest.mark.parametrize(
    ("as_of", "state"),
    [("2022-11-13", "ahead"), ("2022-11-14", "in_force"), ("2022-12-16", "in_force"), ("2022-12-17", "ended")],
)
def test_a_statement_holds_from_its_first_to_its_last_day(book: Book, given: Fact, as_of: str, state: str) -> None:
    row = the_statement(book, as_of)
    assert row.state == state
    assert (row.measure, row.from_day, row.until, row.days_per_week, row.paying) == (
        "activity", date(2022, 11, 14), date(2022, 12, 16), 2, True
    )
    assert (row.organisation, row.given_on, row.corrected, row.ref) == (
        "employment", date(2022, 11, 10), False, given.ref
    )


def test_a_corrected_statement_says_what_it_says_now(book: Book, given: Fact) -> None:
    book.fact(corrected(given.ref), "2022-11-20", "employment")
    row = the_statement(book)
    assert (row.measure, row.until, row.days_per_week, row.paying, row.corrected) == (
        "activity", date(2023, 1, 31), 3, False, True
    )


def test_a_mistake_in_recording_put_right(book: Book, given: Fact) -> None:
    book.fact(msgspec.structs.replace(GIVEN, days_per_week=4), "2022-11-10", "employment", corrects=given)
    row = the_statement(book)
    assert (row.days_per_week, row.corrected, row.ref) == (4, True, given.ref)


def test_a_cancelled_statement_is_still_there(book: Book, given: Fact) -> None:
    book.fact(StatementCancelled(statement=given.ref, reason="virhe"), "2022-11-20", "employment")
    row = the_statement(book, "2023-06-01")
    assert (row.state, row.until) == ("cancelled", date(2022, 12, 16))


def test_a_correction_whose_statement_is_not_visible(book: Book) -> None:
    book.fact(corrected(ANY_REF), "2022-11-20", "employment")
    row = the_statement(book)
    assert (row.measure, row.given_on, row.began_before, row.until) == (None, None, True, date(2023, 1, 31))


def test_nobody_else_corrects_or_cancels_it(book: Book, given: Fact) -> None:
    book.fact(StatementCancelled(statement=given.ref, reason="?"), "2022-11-20", "another")
    states = {r.organisation: r.state for r in path(book).statements}
    assert states["employment"] == "in_force"


def test_statements_stand_by_their_first_day(book: Book) -> None:
    for month in (9, 3, 6):
        book.fact(msgspec.structs.replace(GIVEN, from_day=date(2022, month, 1)), "2022-01-10", "employment")
    assert [r.from_day.month for r in path(book).statements if r.from_day] == [3, 6, 9]


@pytest.mark.parametrize(("as_of", "state"), [("2022-12-31", "in_force"), ("2023-01-01", "ended")])
def test_an_endorsement_holds_through_its_last_day(book: Book, as_of: str, state: str) -> None:
    book.fact(EndorsementGiven(endorses="pay_subsidy", valid_until=date(2022, 12, 31)), "2022-08-29", "employment")
    (row,) = path(book, as_of).endorsements
    assert (row.endorses, row.state, row.given_on) == ("pay_subsidy", state, date(2022, 8, 29))


def test_a_cancelled_endorsement(book: Book) -> None:
    given = book.fact(EndorsementGiven(endorses="trial_work"), "2022-08-29", "employment")
    book.fact(EndorsementCancelled(endorsement=given.ref, reason="virhe"), "2022-09-01", "employment")
    assert [r.state for r in path(book).endorsements] == ["cancelled"]
    assert [r.state for r in path(book, "2022-08-31").endorsements] == ["in_force"]


def test_the_end_of_an_endorsement_never_seen_shows_nothing(book: Book) -> None:
    book.fact(EndorsementCancelled(endorsement=ANY_REF, reason="virhe"), "2022-09-01", "employment")
    assert path(book).endorsements == ()
