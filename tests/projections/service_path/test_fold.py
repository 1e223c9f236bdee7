"""The fold as a whole: order, corrections, the day asked about, and the JSON that it gives."""

from datetime import date
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.activity import ActivityDecided, ActivityEnded, ActivityPaused, ActivityResumed, ActivityStarted
from events.case import CaseOpened, WorkerAssigned
from events.catalogue import KNOWN
from events.coaching import CoachingExtended, CoachingStarted
from events.envelope import Fact
from events.fee import FeeApproved, FeeClaimed, FeeMilestoneRecorded
from events.follow_up import FollowUpDone, FollowUpPlanned
from events.plan import ActivationPlanAgreed, ActivationPlanInForce, ActivationPlanProposed
from events.statement import StatementCorrected, StatementGiven
from projections.service_path import ClientRow, ConsentRow, ServicePath, ViewerRow
from tests.projections.facts import CLIENT, Book, example
from tests.projections.service_path.ask import path


def story() -> list[Fact]:
    """A bit of everything, several things on one day, corrected and taken back, from four organisations."""
    book = Book()
    book.fact(CaseOpened(), "2022-01-03")
    book.fact(WorkerAssigned(worker_role="own_social_worker", person="p1", person_name="Testi Henkilö"), "2022-01-03")
    plan = book.fact(example(ActivationPlanProposed, plan=None, plan_version=1, content_hash="h"), "2022-05-02")
    book.fact(ActivationPlanAgreed(plan=plan.ref, plan_version=1, content_hash="h", party="client"), "2022-05-02", "oma", role="client")
    book.fact(ActivationPlanInForce(plan=plan.ref, plan_version=1, content_hash="h", agreements=()), "2022-05-02")
    book.fact(example(ActivityDecided, starts_on=date(2022, 5, 9), ends_on=date(2022, 12, 30)), "2022-05-02")
    started = book.fact(ActivityStarted(days_per_week=4, place="Paja"), "2022-05-09", "workshop")
    book.fact(ActivityPaused(activity=started.ref, reason="holiday"), "2022-07-04", "workshop")
    book.fact(ActivityResumed(activity=started.ref, days_per_week=2), "2022-07-04", "workshop")
    book.fact(ActivityStarted(days_per_week=3, place="Paja"), "2022-05-10", "workshop", corrects=started)
    ended = book.fact(ActivityEnded(activity=started.ref, reason="moved"), "2022-10-01", "workshop")
    book.fact(ended.says, "2022-10-01", "workshop", corrects=ended, annuls=True)
    coaching = book.fact(CoachingStarted(until=date(2022, 11, 30), direction="job_search"), "2022-09-05", "provider")
    book.fact(CoachingExtended(coaching=coaching.ref, until=date(2023, 2, 28)), "2022-09-05", "provider")
    fee = book.fact(FeeMilestoneRecorded(milestone="start_fee", coaching=coaching.ref, evidence=()), "2022-09-05", "provider")
    claim = book.fact(
        FeeClaimed(fee=fee.ref, milestone="start_fee", coaching=coaching.ref, funder="funder"), "2022-09-05", "provider"
    )
    book.fact(FeeApproved(claim=claim.ref, fee=fee.ref), "2022-09-05", "funder")
    statement = book.fact(example(StatementGiven), "2022-09-06", "employment")
    book.fact(example(StatementCorrected, statement=statement.ref, days_per_week=1), "2022-09-06", "employment")
    planned = book.fact(FollowUpPlanned(kind="after_contact", due_on=date(2023, 3, 1)), "2022-10-01")
    book.fact(FollowUpDone(follow_up=planned.ref, situation="working"), "2022-10-01")
    return book.facts


STORY = story()


def as_sent(answer: ServicePath) -> dict[str, Any]:
    """The JSON that a reader gets."""
    return cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(answer)))


@given(st.permutations(STORY))
def test_the_order_of_arrival_changes_nothing(arrived: list[Fact]) -> None:
    assert path(arrived) == path(STORY)


@given(st.lists(st.sampled_from(STORY), unique_by=lambda f: f.fact_id), st.randoms())
def test_whatever_part_is_visible_it_is_told_and_arrival_changes_nothing(seen: list[Fact], random: object) -> None:
    shuffled = list(seen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert path(shuffled) == path(seen)


@given(st.sampled_from(STORY))
def test_a_fact_held_twice_counts_once(fact: Fact) -> None:
    assert path([*STORY, fact]) == path(STORY)


@given(st.lists(st.sampled_from(sorted(KNOWN)), max_size=6))
def test_any_facts_at_all_make_a_path_that_can_be_sent(names: list[tuple[str, int]]) -> None:
    book = Book()
    for name in names:
        book.fact(example(KNOWN[name]), "2022-11-01")
    sent = as_sent(path(book))
    assert {key for key in sent if sent[key] is None} <= {"plan", "incomplete"}


def test_an_empty_path() -> None:
    assert path([]) == ServicePath(
        client=ClientRow(ref=CLIENT, name="Testi Asiakas"), viewer=ViewerRow(organisation="social", role="client"),
        as_of=date(2022, 11, 30),
    )
    sent = as_sent(path([]))
    assert sent["plan"] is None
    lists = ("responsible", "services", "statements", "endorsements", "fees", "follow_ups", "consent", "attention", "timeline")
    assert [sent[name] for name in lists] == [[]] * len(lists)


def test_the_names_in_json() -> None:
    grant = ConsentRow(source="social", recipient="provider", categories=("plan",), until=date(2022, 12, 31), instrument="consent")
    sent = as_sent(path(STORY, consent=(grant,)))
    assert sent["consent"] == [
        {"from": "social", "to": "provider", "categories": ["plan"], "until": "2022-12-31", "instrument": "consent",
         "purpose": "service_coordination"}
    ]
    assert {"service", "organisation", "state", "starts_on", "ends_on", "days_per_week", "outcome", "began_before"} <= (
        sent["services"][0].keys()
    )
    assert {"measure", "from", "until", "days_per_week", "paying", "state"} <= sent["statements"][0].keys()
    assert {"kind", "organisation", "due_on", "earliest_on", "state", "done_on", "situation"} <= sent["follow_ups"][0].keys()
    assert {"from", "until", "days_per_week"} <= sent["plan"]["services"][0].keys()
    assert sent["plan"]["agreed_by"] == [{"party": "client", "on": "2022-05-02", "on_behalf_reason": None}]
    assert sent["as_of"] == "2022-11-30"
    assert sent["timeline"][0].keys() == {"event_id", "on", "organisation", "category", "type", "text"}


def test_the_timeline_follows_the_days_with_corrections_in_place_and_nothing_taken_back() -> None:
    rows = path(STORY).timeline
    assert [r.on for r in rows] == sorted(r.on for r in rows)
    started = [r for r in rows if r.type == "ActivityStarted"]
    assert [(r.on, "3 päivää" in r.text) for r in started] == [(date(2022, 5, 10), True)]
    assert not [r for r in rows if r.type == "ActivityEnded"]


@pytest.mark.parametrize(("as_of", "services"), [("2022-05-09", 0), ("2022-05-10", 1)])
def test_what_a_correction_moves_to_a_later_day_is_not_there_before_it(as_of: str, services: int) -> None:
    workshop = [f for f in STORY if f.organisation == "workshop"]
    assert len(path(workshop, as_of=as_of).services) == services


def test_what_the_story_comes_to() -> None:
    told = path(STORY)
    assert [(s.service, s.state, s.starts_on, s.ends_on) for s in told.services] == [
        ("activity", "running", date(2022, 5, 10), date(2022, 12, 30)),
        ("coaching", "running", date(2022, 9, 5), date(2023, 2, 28)),
    ]
    assert told.plan is not None
    assert told.plan.state == "in_force"
    assert [(f.milestone, f.state) for f in told.fees] == [("start_fee", "approved")]
    assert [s.corrected for s in told.statements] == [True]
    assert [f.state for f in told.follow_ups] == ["done"]
