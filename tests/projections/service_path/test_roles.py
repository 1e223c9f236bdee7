"""The role table of the domain brief, section 2, row by row, against one fact of each type."""

import pytest

from events.catalogue import CATEGORIES, KNOWN
from events.consent import CATEGORY as CONSENT
from events.plan import ActivationPlanProposed
from projections.service_path import ConsentRow, ServicePath
from tests.projections.facts import CLIENT, Book, example
from tests.projections.service_path.ask import path

CARE = {"case", "referral", "follow_up", "consent", "internal"}
SERVICES = {"trial_work", "service"}
TABLE = {
    "own_social_worker": CARE | SERVICES | {"plan", "activity", "statement", "coaching", "assessment", "health"},
    "activity_supervisor": CARE | SERVICES | {"plan", "activity", "coaching", "assessment"},
    "workshop_instructor": CARE | SERVICES | {"plan", "activity"},
    "employment_coach": CARE | SERVICES | {"plan", "activity", "statement", "coaching", "assessment", "health"},
    "funder": {"fee"},
    "job_coach": CARE | SERVICES | {"plan", "activity", "coaching", "assessment", "health", "fee"},
    "team_leader": CARE | SERVICES | {"plan", "activity", "coaching", "fee"},
    "adviser": CARE | SERVICES | {"plan", "assessment"},
    "client": {*CATEGORIES, "internal"} - {"identity"},
    "consent_clerk": set(),
    "unheard_of": set(),
}
OWN_ONLY = {("job_coach", "fee"), *((role, "internal") for role in TABLE)}
GRANT = ConsentRow(source="social", recipient="provider", categories=("plan",), until=None, instrument="consent")


@pytest.fixture(scope="module")
def book() -> Book:
    book = Book()
    for organisation in ("own", "other"):
        for cls in KNOWN.values():
            book.fact(example(cls), "2022-11-01", organisation)
    return book


def seen_by(book: Book, role: str) -> ServicePath:
    return path(book, role=role, organisation="own", consent=(GRANT,))


@pytest.mark.parametrize("role", TABLE)
def test_a_role_sees_the_categories_of_its_row_and_no_others(book: Book, role: str) -> None:
    seen = {(row.category, row.organisation) for row in seen_by(book, role).timeline}
    assert seen == {
        (category, organisation)
        for category in TABLE[role]
        for organisation in ("own", "other")
        if organisation == "own" or (role, category) not in OWN_ONLY
    }


@pytest.mark.parametrize("role", TABLE)
def test_rows_follow_the_table_too(book: Book, role: str) -> None:
    seen, allowed = seen_by(book, role), TABLE[role]
    assert bool(seen.responsible) == ("case" in allowed)
    assert bool(seen.plan) == ("plan" in allowed)
    assert bool(seen.statements) == bool(seen.endorsements) == ("statement" in allowed)
    assert bool(seen.fees) == ("fee" in allowed)
    assert bool(seen.follow_ups) == ("follow_up" in allowed)
    services = {"activity": "activity", "trial_work": "trial_work", "coaching": "coaching", "career_coaching": "service"}
    assert {services[r.service] for r in seen.services if r.service in services} == allowed & set(services.values())


@pytest.mark.parametrize("role", TABLE)
def test_name_and_consent_follow_the_case(book: Book, role: str) -> None:
    seen, with_case = seen_by(book, role), "case" in TABLE[role]
    assert seen.client.ref == CLIENT
    assert seen.client.name == ("Testi Asiakas" if with_case else None)
    assert seen.consent == ((GRANT,) if with_case else ())


def test_of_consent_the_timeline_tells_only_changes(book: Book) -> None:
    told = {row.type for row in seen_by(book, "client").timeline if row.category == CONSENT}
    assert told == {
        "ConsentGiven", "ConsentNarrowed", "ConsentExtended", "ConsentWithdrawn", "ConsentRefused", "RefusalLifted",
        "StatutoryGroundNoted",
    }


def test_of_the_internal_only_notes_are_told(book: Book) -> None:
    assert {r.type for r in seen_by(book, "client").timeline if r.category == "internal"} == {"NoteWritten"}


def test_a_workshop_instructor_is_told_of_a_plan_without_its_content() -> None:
    book = Book()
    book.fact(example(ActivationPlanProposed, plan_version=7, goals=("päivärytmi",)), "2022-11-01", "own")
    seen = seen_by(book, "workshop_instructor")
    assert [row.text for row in seen.timeline] == ["Aktivointisuunnitelmaa ehdotettiin."]
    assert seen.plan is not None
    assert seen.plan.goals == ("päivärytmi",)
    assert (seen.plan.services, seen.plan.parties, seen.plan.review_on) == ((), (), None)
