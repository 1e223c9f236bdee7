"""Follow-ups and responsible workers."""

from datetime import date

import pytest

from events.case import CaseClosed, CaseOpened, WorkerAssigned, WorkerSubstituted
from events.follow_up import FollowUpCancelled, FollowUpDone, FollowUpPlanned
from projections.service_path.rows import FollowUpRow, ResponsibleRow, SubstituteRow
from tests.projections.facts import ANY_REF, Book
from tests.projections.service_path.ask import path


def assigned(name: str, person: str = "p1", role: str = "own_social_worker") -> WorkerAssigned:
    return WorkerAssigned(worker_role=role, person=person, person_name=name)


@pytest.fixture
def book() -> Book:
    return Book()


def test_a_follow_up_is_planned_and_done(book: Book) -> None:
    planned = book.fact(
        FollowUpPlanned(kind="after_contact", due_on=date(2023, 3, 1), earliest_on=date(2023, 1, 1)), "2022-11-30"
    )
    assert path(book).follow_ups == (
        FollowUpRow(
            ref=planned.ref, kind="after_contact", organisation="social", due_on=date(2023, 3, 1),
            earliest_on=date(2023, 1, 1), state="planned", done_on=None, situation=None, began_before=False,
        ),
    )
    book.fact(FollowUpDone(follow_up=planned.ref, situation="working"), "2023-02-20")
    (row,) = path(book, "2023-02-20").follow_ups
    assert (row.state, row.done_on, row.situation) == ("done", date(2023, 2, 20), "working")


def test_a_follow_up_is_cancelled(book: Book) -> None:
    planned = book.fact(FollowUpPlanned(kind="employer_call", due_on=date(2022, 12, 8)), "2022-11-01", "provider")
    book.fact(FollowUpCancelled(follow_up=planned.ref, reason="client_moved"), "2022-11-20", "provider")
    assert [(r.state, r.done_on) for r in path(book).follow_ups] == [("cancelled", None)]


def test_a_follow_up_done_whose_plan_is_not_visible(book: Book) -> None:
    book.fact(FollowUpDone(follow_up=ANY_REF, situation="unemployed"), "2022-11-20")
    (row,) = path(book).follow_ups
    assert (row.kind, row.due_on, row.state, row.began_before) == (None, None, "done", True)


def test_the_latest_worker_of_each_role_is_responsible(book: Book) -> None:
    book.fact(assigned("Testi Ensimmäinen"), "2022-01-03")
    book.fact(assigned("Testi Toinen", "p2"), "2022-06-01")
    book.fact(assigned("Testi Valmentaja", "p3", "employment_coach"), "2022-02-01", "employment")
    assert path(book).responsible == (
        ResponsibleRow(organisation="employment", role="employment_coach", person="Testi Valmentaja", person_id="p3",
                       since=date(2022, 2, 1)),
        ResponsibleRow(organisation="social", role="own_social_worker", person="Testi Toinen", person_id="p2",
                       since=date(2022, 6, 1)),
    )


@pytest.mark.parametrize(("as_of", "stands_in"), [
    ("2022-06-30", False), ("2022-07-01", True), ("2022-07-31", True), ("2022-08-01", False),
])
def test_a_substitute_stands_in_through_the_last_day(book: Book, as_of: str, stands_in: bool) -> None:
    book.fact(assigned("Testi Ensimmäinen"), "2022-01-03")
    book.fact(
        WorkerSubstituted(worker_role="own_social_worker", absent="p1", substitute="p2", substitute_name="Testi Sijainen",
                          from_day=date(2022, 7, 1), until=date(2022, 7, 31)), "2022-06-20"
    )
    (row,) = path(book, as_of).responsible
    assert row.substitute == (SubstituteRow(person="Testi Sijainen", until=date(2022, 7, 31)) if stands_in else None)


def test_nobody_is_responsible_where_the_case_is_closed(book: Book) -> None:
    case = book.fact(CaseOpened(), "2022-01-03")
    book.fact(assigned("Testi Ensimmäinen"), "2022-01-03")
    book.fact(assigned("Testi Valmentaja", "p3", "employment_coach"), "2022-02-01", "employment")
    book.fact(CaseClosed(case=case.ref, reason="moved_away"), "2022-10-01")
    assert [r.organisation for r in path(book).responsible] == ["employment"]
    book.fact(CaseOpened(), "2022-11-01")
    book.fact(assigned("Testi Toinen", "p2"), "2022-11-02")
    assert [r.person for r in path(book).responsible] == ["Testi Valmentaja", "Testi Toinen"]
