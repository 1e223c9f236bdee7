from datetime import date
from typing import Literal

import msgspec
import pytest

from events.envelope import Fact
from events.plan import (
    ActivationPlanAgreed,
    ActivationPlanEnded,
    ActivationPlanInForce,
    ActivationPlanProposed,
    ImplementationPlanMade,
    ImplementationPlanUpdated,
    PlannedService,
)
from projections.service_path.rows import AgreedByRow, PlanRow
from tests.projections.facts import ANY_REF, Book
from tests.projections.service_path.ask import path

PARTIES = ("social", "employment", "client")


def proposed(version: int = 1, plan: str | None = None) -> ActivationPlanProposed:
    return ActivationPlanProposed(
        plan=plan, plan_version=version, content_hash=f"hash{version}", goals=(f"tavoite {version}",),
        services=(PlannedService(service="coaching", organisation="provider", days_per_week=1),), parties=PARTIES,
        trial_work_possible=True, starts_on=date(2022, 5, 2), ends_on=date(2023, 4, 30), review_on=date(2023, 1, 31),
    )


def agreed(plan: Fact, party: str, version: int = 1, content_hash: str | None = None) -> ActivationPlanAgreed:
    return ActivationPlanAgreed(
        plan=plan.ref, plan_version=version, content_hash=content_hash or f"hash{version}", party=party
    )


def in_force(plan: Fact, version: int = 1) -> ActivationPlanInForce:
    return ActivationPlanInForce(plan=plan.ref, plan_version=version, content_hash=f"hash{version}", agreements=())


def the_plan(book: Book, as_of: str = "2022-11-30", role: str = "client") -> PlanRow:
    plan = path(book, as_of, role=role).plan
    assert plan is not None
    return plan


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def first(book: Book) -> Fact:
    return book.fact(proposed(), "2022-05-02")


def test_a_proposed_plan_with_its_content(book: Book, first: Fact) -> None:
    plan = the_plan(book)
    assert (plan.plan, plan.version, plan.state, plan.organisation) == (first.ref, 1, "proposed", "social")
    assert (plan.goals, plan.parties, plan.agreed_by) == (("tavoite 1",), PARTIES, ())
    assert (plan.starts_on, plan.ends_on, plan.review_on) == (date(2022, 5, 2), date(2023, 4, 30), date(2023, 1, 31))
    assert plan.trial_work_possible
    assert (plan.services[0].service, plan.services[0].organisation) == ("coaching", "provider")
    assert plan.implementation_plan is None


def test_agreements_come_one_by_one_and_the_home_puts_it_in_force(book: Book, first: Fact) -> None:
    book.fact(agreed(first, "social"), "2022-05-02")
    assert the_plan(book).state == "agreed_in_part"
    book.fact(agreed(first, "employment"), "2022-05-03", "employment")
    book.fact(
        ActivationPlanAgreed(plan=first.ref, plan_version=1, content_hash="hash1", party="client",
                             on_behalf_reason="said_in_joint_meeting"), "2022-05-04"
    )
    assert the_plan(book).state == "agreed_in_part"
    book.fact(in_force(first), "2022-05-04")
    plan = the_plan(book)
    assert plan.state == "in_force"
    assert plan.agreed_by == (
        AgreedByRow(party="social", on=date(2022, 5, 2), on_behalf_reason=None),
        AgreedByRow(party="employment", on=date(2022, 5, 3), on_behalf_reason=None),
        AgreedByRow(party="client", on=date(2022, 5, 4), on_behalf_reason="said_in_joint_meeting"),
    )


def test_a_party_stands_once_with_its_first_agreement(book: Book, first: Fact) -> None:
    book.fact(agreed(first, "client"), "2022-05-03", "oma-polku", role="client")
    book.fact(agreed(first, "client"), "2022-05-09", "oma-polku", role="client")
    assert [a.on for a in the_plan(book).agreed_by] == [date(2022, 5, 3)]


@pytest.mark.parametrize(("party", "organisation", "role", "reason"), [
    ("client", "provider", "any", None),
    ("client", "social", "own_social_worker", None),
    ("client", "provider", "any", "said_in_joint_meeting"),
    ("employment", "provider", "any", None),
    ("employment", "oma-polku", "client", None),
])  # fmt: skip
def test_nobody_else_agrees_for_a_party(
    book: Book, first: Fact, party: str, organisation: str, role: str, reason: Literal["said_in_joint_meeting"] | None
) -> None:
    word = msgspec.structs.replace(agreed(first, party), on_behalf_reason=reason)
    book.fact(word, "2022-05-06", organisation, role=role)
    assert (the_plan(book).state, the_plan(book).agreed_by) == ("proposed", ())


def test_what_another_organisation_says_of_a_plan_is_not_about_this_one(book: Book, first: Fact) -> None:
    book.fact(agreed(first, "social"), "2022-05-02")
    book.fact(in_force(first), "2022-05-04")
    before = the_plan(book)
    book.fact(ActivationPlanEnded(plan=first.ref, reason="replaced"), "2022-06-01", "other-town")
    assert the_plan(book) == before
    book.fact(msgspec.structs.replace(proposed(2, first.ref), goals=("muuta",)), "2022-06-02", "other-town")
    plan = the_plan(book)
    assert (plan.state, plan.version, plan.goals, plan.organisation) == ("in_force", 1, before.goals, "social")


@pytest.mark.parametrize(("version", "content_hash"), [(1, "hash1"), (2, "hash1")])
def test_an_agreement_to_other_words_has_no_effect(book: Book, first: Fact, version: int, content_hash: str) -> None:
    book.fact(proposed(2, first.ref), "2022-05-05")
    book.fact(agreed(first, "client", version, content_hash), "2022-05-06", "oma-polku")
    plan = the_plan(book)
    assert (plan.version, plan.state, plan.agreed_by) == (2, "proposed", ())


def test_the_version_in_force_holds_until_the_next_one(book: Book, first: Fact) -> None:
    book.fact(in_force(first), "2022-05-04")
    book.fact(proposed(2, first.ref), "2022-08-29")
    book.fact(agreed(first, "client", 2), "2022-09-01", "oma-polku", role="client")
    plan = the_plan(book)
    assert (plan.version, plan.state, plan.goals) == (1, "in_force", ("tavoite 1",))
    assert plan.next_version is not None
    assert (plan.next_version.version, plan.next_version.proposed_on) == (2, date(2022, 8, 29))
    assert [a.party for a in plan.next_version.agreed_by] == ["client"]
    book.fact(in_force(first, 2), "2022-11-10")
    plan = the_plan(book)
    assert (plan.version, plan.state, plan.goals, plan.next_version) == (2, "in_force", ("tavoite 2",), None)


def test_an_ended_plan_and_the_new_one_after_it(book: Book, first: Fact) -> None:
    book.fact(in_force(first), "2022-05-04")
    book.fact(ActivationPlanEnded(plan=first.ref, reason="replaced"), "2022-10-01")
    assert the_plan(book).state == "ended"
    new = book.fact(proposed(), "2022-10-02")
    plan = the_plan(book)
    assert (plan.plan, plan.state, plan.next_version) == (new.ref, "proposed", None)


def test_another_plan_proposed_beside_the_one_in_force(book: Book, first: Fact) -> None:
    book.fact(in_force(first), "2022-05-04")
    other = book.fact(proposed(), "2022-10-02")
    plan = the_plan(book)
    assert plan.plan == first.ref
    assert plan.next_version is not None
    assert plan.next_version.plan == other.ref


def test_in_force_with_words_that_are_not_visible(book: Book) -> None:
    book.fact(ActivationPlanInForce(plan=ANY_REF, plan_version=3, content_hash="h", agreements=()), "2022-05-04")
    plan = the_plan(book)
    assert (plan.plan, plan.version, plan.state, plan.began_before) == (ANY_REF, 3, "in_force", True)
    assert (plan.goals, plan.starts_on, plan.parties) == ((), None, ())


def test_a_corrected_plan_shows_the_correction(book: Book, first: Fact) -> None:
    book.fact(msgspec.structs.replace(proposed(), goals=("korjattu",)), "2022-05-02", corrects=first)
    plan = the_plan(book)
    assert (plan.plan, plan.goals) == (first.ref, ("korjattu",))


def test_the_latest_implementation_plan_stands_within(book: Book, first: Fact) -> None:
    made = book.fact(ImplementationPlanMade(measures=("paja",)), "2022-05-10", "workshop")
    book.fact(
        ImplementationPlanUpdated(implementation_plan=made.ref, measures=("paja", "valmennus"), coaching_included=True),
        "2022-09-01", "workshop",
    )
    inner = the_plan(book).implementation_plan
    assert inner is not None
    assert (inner.measures, inner.coaching_included, inner.on) == (("paja", "valmennus"), True, date(2022, 9, 1))
    assert the_plan(book, "2022-06-01").implementation_plan != inner


def test_an_implementation_plan_alone_is_not_hidden(book: Book) -> None:
    book.fact(ImplementationPlanMade(measures=("paja",)), "2022-05-10", "workshop")
    plan = the_plan(book)
    assert (plan.plan, plan.state) == (None, None)
    assert plan.implementation_plan is not None


def test_only_goals_for_the_workshop_instructor(book: Book, first: Fact) -> None:
    book.fact(agreed(first, "social"), "2022-05-02")
    book.fact(ImplementationPlanMade(measures=("paja",)), "2022-05-10")
    plan = the_plan(book, role="workshop_instructor")
    assert plan == PlanRow(
        plan=first.ref, version=1, state="agreed_in_part", organisation="social", goals=("tavoite 1",)
    )


def test_no_plan(book: Book) -> None:
    assert path(book).plan is None
