"""What the client is told: grants and refusals as they stand, removals, disclosures, receipts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from consent.disclosed import disclosures_view
from consent.overview import ConsentView, RemovalRow, SilentRow, consents_view
from consent.receipts import receipt
from consent.texts import text_shown
from events.consent import (
    ClientRefAsked,
    ConsentExtended,
    ConsentGiven,
    ConsentNarrowed,
    ConsentRefused,
    ConsentWithdrawn,
    PathOpened,
    PathRefused,
    RefusalLifted,
    Scope,
    StatutoryGroundNoted,
    WithdrawalApplied,
)
from events.envelope import Fact, Says
from services.kit.client_file import Actor, At, ClientFile, Draft
from services.kit.decide import stamped

CLIENT, HOME = "c" * 32, "home"
RECORDED: dict[str, Any] = {"method": "paper", "place": "Testilä", "recorded_by": "p1", "recorded_in": "a"}
TODAY = date(2022, 6, 1)


def scope(source: str, recipient: str, category: str = "activity") -> Scope:
    return Scope(source=source, recipient=recipient, category=category)


def when(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC)


class Told:
    """A client's file at home, and what others have told."""

    def __init__(self) -> None:
        self.own: list[Fact] = []
        self.others: list[Fact] = []

    def _write(self, organisation: str, seq: int, says: Says, day: str, on: str | None) -> Fact:
        file = ClientFile(CLIENT, organisation, (None,) * seq)  # type: ignore[arg-type]
        at = At(when(day), Actor("p1", "Testi Henkilö", "own_social_worker", organisation))
        draft = Draft(says, date.fromisoformat(on or day))
        (fact,) = stamped(file, [draft], at, "c", lambda: f"{len(self.own) + len(self.others) + 1:032x}")
        return fact

    def file(self, says: Says, day: str = "2022-01-01", on: str | None = None) -> str:
        self.own.append(self._write(HOME, len(self.own), says, day, on))
        return self.own[-1].fact_id

    def from_(self, organisation: str, says: Says, day: str = "2022-01-01") -> str:
        self.others.append(self._write(organisation, len(self.others), says, day, None))
        return self.others[-1].fact_id

    def consents(self, today: date = TODAY) -> list[ConsentView]:
        return consents_view(self.own, self.others, today)


def given(*scopes: Scope, **fields: Any) -> ConsentGiven:
    start = {"valid_from": date(2022, 1, 1), "legal_ground": "Suostumus"}
    return ConsentGiven(scopes=scopes, **RECORDED, **(start | fields))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize(
    ("today", "state"),
    [("2021-12-31", "not_yet_valid"), ("2022-01-01", "in_force"), ("2022-03-31", "in_force"), ("2022-04-01", "expired")],
)
def test_a_grants_state_follows_its_days(told: Told, today: str, state: str) -> None:
    told.file(given(scope("a", "b"), valid_until=date(2022, 3, 31)), "2021-12-01")
    assert told.consents(date.fromisoformat(today))[0].state == state


def test_a_withdrawal_tells_who_has_removed_and_who_is_silent_since_when(told: Told) -> None:
    grant = told.file(given(scope("a", "b"), scope("a", "c"), scope("b", HOME)))
    withdrawal = told.file(ConsentWithdrawn(grant=grant, **RECORDED), "2022-02-01")
    told.from_("c", WithdrawalApplied(change=withdrawal, removed=3), "2022-02-02")
    told.from_("d", WithdrawalApplied(change=withdrawal, removed=0), "2022-02-02")
    told.file(WithdrawalApplied(change=withdrawal, removed=1), "2022-02-02")
    (row,) = told.consents()
    (change,) = row.changes
    assert (row.state, row.removal, change.what) == ("withdrawn", None, "withdrawn")
    assert change.removal == RemovalRow(
        confirmed=2, of=3, removed_by=("c", HOME), silent=(SilentRow(organisation="b", since=when("2022-02-01")),)
    )


def test_narrowing_concerns_those_it_takes_from_and_everybody_where_the_days_change(told: Told) -> None:
    grant = told.file(given(scope("a", "b"), scope("a", "c")))
    told.file(ConsentNarrowed(grant=grant, grant_version=2, removed=(scope("a", "c"),), **RECORDED))
    told.file(ConsentNarrowed(grant=grant, grant_version=3, valid_until=date(2022, 12, 31), **RECORDED))
    (row,) = told.consents()
    assert [(c.what, c.removal.of, c.removal.silent[0].organisation) for c in row.changes if c.removal] == [
        ("narrowed", 1, "c"), ("narrowed", 1, "b"),
    ]
    assert (row.version, row.valid_until, [r.recipient for r in row.scopes]) == (3, date(2022, 12, 31), ["b"])


def test_extending_takes_nothing_away(told: Told) -> None:
    grant = told.file(given(scope("a", "b")))
    told.file(ConsentExtended(grant=grant, grant_version=2, legal_ground="Suostumus", added=(scope("a", "c", "case"),),
                              from_day=date(2022, 2, 1), valid_from=date(2022, 1, 1), **RECORDED))
    (row,) = told.consents()
    assert [(c.what, c.removal) for c in row.changes] == [("extended", None)]
    assert [(r.source, r.recipient, r.categories) for r in row.scopes] == [("a", "b", ("activity",)), ("a", "c", ("case",))]


def test_a_refusal_concerns_only_those_who_may_hold_something_now(told: Told) -> None:
    told.file(given(scope("a", "b")))
    refusal = told.file(ConsentRefused(scopes=(scope("a", "b"), scope("a", "c")), **RECORDED))
    _, row = told.consents()
    assert row.removal is not None
    assert (row.instrument, row.state, row.legal_ground) == ("refusal", "in_force", None)
    assert (row.removal.of, row.removal.silent[0].organisation) == (1, "b")
    told.file(RefusalLifted(refusal=refusal, **RECORDED))
    _, row = told.consents()
    assert (row.state, [c.what for c in row.changes]) == ("lifted", ["lifted"])


def test_a_change_that_is_dated_back_comes_where_it_was_recorded(told: Told) -> None:
    grant = told.file(given(scope("a", "b")), "2022-03-01")
    told.file(ConsentWithdrawn(grant=grant, **RECORDED), "2022-03-02", on="2022-02-01")
    (row,) = told.consents()
    assert (row.state, row.changes[0].on) == ("withdrawn", date(2022, 2, 1))


def test_a_statutory_ground_is_shown_with_its_words(told: Told) -> None:
    told.file(StatutoryGroundNoted(legal_ground="Laki 703/2023 § 11", scopes=(scope("a", HOME, "consent"),), valid_from=date(2000, 1, 1)))
    (row,) = told.consents()
    assert (row.instrument, row.legal_ground, row.method, row.text) == ("statutory", "Laki 703/2023 § 11", None, None)


# Disclosures


def opened(role: str, *grounds: str) -> PathOpened:
    return PathOpened(viewer_role=role, purpose="service_coordination", categories=("activity",), sources=("a",),
                      grounds=grounds, as_of=TODAY)


def test_disclosures_come_in_order_with_their_grounds_in_words(told: Told) -> None:
    grant = told.file(given(scope("a", "b")))
    told.file(ClientRefAsked(organisation="b", asked_at=when("2022-01-02")), "2022-01-05")
    told.file(opened("client"), "2022-01-03")
    told.from_("c", PathRefused(viewer_role="job_coach", reason="not_a_client_here"), "2022-01-04")
    told.from_("b", opened("employment_coach", grant, "f" * 32), "2022-01-03")
    told.from_("d", opened("client"), "2022-01-06")
    rows = disclosures_view(told.own, told.others)
    assert [(r.kind, r.organisation, r.role) for r in rows] == [
        ("reference_asked", "b", "own_social_worker"), ("opened", "b", "employment_coach"), ("refused", "c", "job_coach"),
        ("opened", "d", "client"),
    ], "only at the client's own place is it the client who looks"
    assert [(g.grant, g.legal_ground) for g in rows[1].grounds] == [(grant, "Suostumus"), ("f" * 32, None)]
    assert (rows[1].person, rows[1].categories, rows[2].reason) == ("Testi Henkilö", ("activity",), "not_a_client_here")


# Receipts


def test_a_receipt_tells_what_was_agreed_and_what_was_shown(told: Told) -> None:
    shown = text_shown("sv", "1")
    grant = told.file(given(scope("a", "b"), scope("a", "b", "health"), text=shown, witness="Testi Todistaja"))
    told.file(given(scope("a", "c")))
    first = receipt(grant, told.own, {"a": "Alfa"})
    assert first is not None and first.privacy_notice is not None
    assert (first.record_id, first.receipt_id, first.pii_principal_id) == (grant, grant, CLIENT)
    assert first.privacy_notice.language == "sv"
    assert first.privacy_notice.text is not None and first.privacy_notice.text.startswith("# ")
    (purpose,) = first.purposes
    assert (purpose.pii_controller, purpose.recipient_third_party) == ("a", "b")
    assert [(i.pii_type, i.special_pii_category) for i in purpose.pii_information] == [("activity", False), ("health", True)]
    assert [(p.party_id, p.party_name) for p in first.party_identification] == [("a", "Alfa"), ("b", "b")]
    assert [(e.event_type, e.witness) for e in first.events] == [("consent_given", "Testi Todistaja")]


def test_every_change_makes_a_new_receipt(told: Told) -> None:
    grant = told.file(given(scope("a", "b"), scope("a", "c")))
    told.file(ConsentNarrowed(grant=grant, grant_version=2, removed=(scope("a", "c"),), **RECORDED), "2022-02-01")
    withdrawal = told.file(ConsentWithdrawn(grant=grant, **RECORDED), "2022-03-01")
    last = receipt(grant, told.own, {})
    assert last is not None
    assert (last.receipt_id, last.record_version, last.event_state) == (withdrawal, 2, "withdrawn")
    assert [e.event_type for e in last.events] == ["consent_given", "consent_narrowed", "consent_withdrawn"]
    assert [p.party_id for p in last.party_identification] == ["a", "b", "c"]


def test_there_is_no_receipt_of_what_was_not_given(told: Told) -> None:
    ground = told.file(StatutoryGroundNoted(legal_ground="Laki", scopes=(scope("a", HOME),), valid_from=date(2000, 1, 1)))
    refusal = told.file(ConsentRefused(scopes=(scope("a", "b"),), **RECORDED))
    assert [receipt(ref, told.own, {}) for ref in (ground, refusal, "0" * 32)] == [None, None, None]
