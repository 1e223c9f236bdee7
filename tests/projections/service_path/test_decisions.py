from datetime import date

import pytest

from events.activity import ActivityDecided, ActivityEnded, ActivityStarted
from tests.projections.facts import Book
from tests.projections.service_path.ask import path, the_service


def decided(starts_on: str = "2022-05-09", ends_on: str = "2022-12-30", follows: str | None = None) -> ActivityDecided:
    return ActivityDecided(
        starts_on=date.fromisoformat(starts_on), ends_on=date.fromisoformat(ends_on), days_per_week=4, hours_per_day=4,
        place="Paja", follows=follows,
    )


def started(activity: str | None = None) -> ActivityStarted:
    return ActivityStarted(activity=activity, days_per_week=3, place="Orimattilan työpaja")


@pytest.fixture
def book() -> Book:
    return Book()


def test_a_decision_waits_for_its_start(book: Book) -> None:
    book.fact(decided(), "2022-05-02")
    row = the_service(book)
    assert (row.state, row.organisation, row.starts_on, row.ends_on) == (
        "decided", "social", date(2022, 5, 9), date(2022, 12, 30)
    )
    assert (row.days_per_week, row.began_before, row.place) == (4, False, "Paja")


def test_a_start_that_names_the_decision_carries_it(book: Book) -> None:
    decision = book.fact(decided(), "2022-05-02")
    book.fact(started(decision.ref), "2022-05-05")
    row = the_service(book)
    assert (row.state, row.starts_on, row.ends_on, row.days_per_week) == (
        "running", date(2022, 5, 5), date(2022, 12, 30), 3
    )


@pytest.mark.parametrize("day", ["2022-05-09", "2022-07-01", "2022-12-30"])
def test_a_start_in_another_file_within_the_period_carries_it(book: Book, day: str) -> None:
    book.fact(decided(), "2022-05-02")
    book.fact(started(), day, "workshop")
    row = the_service(book, "2022-12-31")
    assert (row.organisation, row.state, row.planned_end) == ("workshop", "running", date(2022, 12, 30))


@pytest.mark.parametrize("day", ["2022-05-08", "2022-12-31"])
def test_a_start_outside_the_period_is_knowledge_of_its_own(book: Book, day: str) -> None:
    book.fact(decided(), "2022-05-02")
    book.fact(started(), day, "workshop")
    assert {(r.organisation, r.state) for r in path(book, "2022-12-31").services} == {
        ("social", "decided"), ("workshop", "running")
    }


def test_a_start_ended_within_the_period_has_carried_it(book: Book) -> None:
    book.fact(decided(), "2022-05-02")
    activity = book.fact(started(), "2022-05-09", "workshop")
    book.fact(ActivityEnded(activity=activity.ref, reason="employment"), "2022-09-30", "workshop")
    row = the_service(book)
    assert (row.state, row.ends_on, row.planned_end) == ("ended", date(2022, 9, 30), date(2022, 12, 30))


def test_a_start_that_names_one_decision_leaves_the_other_of_its_file(book: Book) -> None:
    first = book.fact(decided(), "2022-05-02")
    book.fact(decided("2022-05-09", "2023-05-08"), "2022-05-02")
    book.fact(started(first.ref), "2022-05-09")
    assert sorted(r.state for r in path(book).services) == ["decided", "running"]


def test_a_following_period_is_carried_on_once_its_day_has_come(book: Book) -> None:
    first = book.fact(decided("2022-01-03", "2022-06-30"), "2021-12-15")
    book.fact(started(), "2022-01-03", "workshop")
    book.fact(decided("2022-07-01", "2022-12-30", follows=first.ref), "2022-06-15")
    before = path(book, "2022-06-30").services
    assert [(r.state, r.ends_on) for r in before] == [
        ("running", date(2022, 6, 30)), ("decided", date(2022, 12, 30))
    ]
    row = the_service(book, "2022-07-01")
    assert (row.state, row.starts_on, row.ends_on) == ("running", date(2022, 1, 3), date(2022, 12, 30))


def test_a_following_period_waits_where_the_first_has_ended(book: Book) -> None:
    first = book.fact(decided("2022-01-03", "2022-06-30"), "2021-12-15")
    activity = book.fact(started(), "2022-01-03", "workshop")
    book.fact(decided("2022-07-01", "2022-12-30", follows=first.ref), "2022-06-15")
    book.fact(ActivityEnded(activity=activity.ref, reason="period_ended"), "2022-06-30", "workshop")
    assert [r.state for r in path(book, "2022-07-01").services] == ["ended", "decided"]


def test_a_decision_taken_back_leaves_the_start_by_itself(book: Book) -> None:
    decision = book.fact(decided(), "2022-05-02")
    book.fact(started(), "2022-05-09", "workshop")
    book.fact(decision.says, "2022-05-02", corrects=decision, annuls=True)
    row = the_service(book)
    assert (row.state, row.ends_on) == ("running", None)


def test_a_start_that_names_its_own_decision_carries_another_organisations_too(book: Book) -> None:
    own = book.fact(decided("2022-05-09", "2022-10-31"), "2022-05-02", "workshop")
    book.fact(decided("2022-05-01", "2022-12-30"), "2022-04-20")
    book.fact(decided("2022-05-02", "2022-08-31"), "2022-04-21")
    book.fact(started(own.ref), "2022-05-09", "workshop")
    row = the_service(book)
    assert (row.state, row.planned_end) == ("running", date(2022, 12, 30))
