"""The read door: decided at the head of consent, disclosed before it is answered, and telling nothing by refusing."""

from datetime import date
from typing import Any

import pytest

from consent.keys import AuthorityUnavailable
from events.activity import ActivityStarted
from events.case import CaseOpened
from events.consent import PathOpened, PathRefused
from events.envelope import Fact
from projections import door
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.kit.errors import Impossible, Unknown
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, SECOND, SOCIAL, Town

STARTED = ActivityStarted(days_per_week=3, place="Paja")


@pytest.fixture
def consented(town: Town) -> Town:
    town.register(EMPLOYMENT, NAME, HETU)
    town.consents(SOCIAL, EMPLOYMENT, "activity", history_since=date(2022, 1, 1))
    town.says(SOCIAL, STARTED)
    return town


def disclosures(town: Town, organisation: str, client: str | None = None) -> list[Fact]:
    return [f for f in town[organisation].own_facts(client or town.client) if isinstance(f.says, PathOpened | PathRefused)]


def away(*_: Any) -> Any:
    raise AuthorityUnavailable


# The log before the answer


def test_an_opened_path_is_disclosed_with_what_was_shown(consented: Town) -> None:
    path = consented.path(EMPLOYMENT)
    (entry,) = disclosures(consented, EMPLOYMENT)
    (grant,) = (g for g, of in consented[EMPLOYMENT].projector.consent(consented.client).grants.grants.items() if of.instrument == "consent")
    assert path.services != ()
    assert entry.says == PathOpened(
        viewer_role="employment_coach",
        purpose="service_coordination",
        categories=("activity",),
        sources=(SOCIAL,),
        grounds=(grant,),
        as_of=date(2022, 3, 1),
    )
    assert (entry.actor, entry.role) == ("testi", "employment_coach")


def test_the_entry_is_durable_before_anything_is_folded(consented: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(door, "service_path", dies)
    with pytest.raises(KeyboardInterrupt):
        consented.path(EMPLOYMENT)
    query = "SELECT COUNT(*) FROM stored_events WHERE topic = 'PathOpened.v1'"
    assert consented[EMPLOYMENT].store.database.rows(query) == [(1,)]


def test_without_an_entry_there_is_no_answer(consented: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError("the disk is full")

    monkeypatch.setattr(consented[EMPLOYMENT].store, "append", full)
    with pytest.raises(OSError, match="full"):
        consented.path(EMPLOYMENT)


def test_every_look_is_an_entry_and_reaches_the_client(consented: Town) -> None:
    for _ in range(3):
        consented.path(EMPLOYMENT)
    consented.platform.settle()
    assert consented.held(HOME).count("PathOpened") == 3


def test_an_entry_names_only_what_the_role_sees(consented: Town) -> None:
    """A funder of the same organisation sees nothing of activity: nothing was shown, nothing is named."""
    actor = consented.actor(EMPLOYMENT)
    path = consented[EMPLOYMENT].path(consented.client, type(actor)("testi", "Testi", "funder", EMPLOYMENT))
    (entry,) = disclosures(consented, EMPLOYMENT)
    assert path.services == () and path.client.name is None
    assert isinstance(entry.says, PathOpened) and entry.says.categories == entry.says.sources == entry.says.grounds == ()


# Refusals


def test_a_client_of_nothing_here_is_refused_and_the_attempt_is_told(consented: Town) -> None:
    with pytest.raises(Unknown) as refusal:
        consented.path(SECOND)
    assert refusal.value.code == "not_a_client_here"
    (entry,) = disclosures(consented, SECOND)
    assert entry.says == PathRefused(viewer_role="job_coach", reason="not_a_client_here")
    consented.platform.settle()
    assert "PathRefused" in consented.held(HOME)
    with pytest.raises(Unknown):
        consented.path(SECOND)  # having looked makes nobody a client


@pytest.mark.parametrize("nobody", ["d" * 32, "0" * 32])
def test_a_client_known_elsewhere_and_nobody_are_answered_alike(consented: Town, nobody: str) -> None:
    answers = []
    for client in (consented.client, nobody):
        with pytest.raises(Unknown) as refusal:
            consented.path(SECOND, client)
        answers.append((type(refusal.value), str(refusal.value), refusal.value.status))
    assert answers[0] == answers[1]
    consented.platform.settle()
    consented.says(SECOND, CaseOpened())
    assert consented[SECOND].store.unpublished(10) == [], "a reference of nobody's stops no publisher"


@pytest.mark.parametrize("reference", ["", "x", "D" * 32, "d" * 33, "d" * 32 + "\n", "../../etc"])
def test_what_is_no_reference_is_refused_and_not_written(consented: Town, reference: str) -> None:
    with pytest.raises(Unknown):
        consented[SECOND].path(reference, consented.actor(SECOND))
    assert consented[SECOND].store.clients() == []


# At the head of consent


def test_a_withdrawal_holds_for_the_next_read_even_before_it_was_read(consented: Town) -> None:
    (grant,) = (g for g, of in consented[EMPLOYMENT].projector.consent(consented.client).grants.grants.items() if of.instrument == "consent")
    consented.does(HOME, WithdrawConsent(grant=grant))
    path = consented.path(EMPLOYMENT)
    assert (path.services, path.incomplete) == ((), None)
    assert [e.says.categories for e in disclosures(consented, EMPLOYMENT)] == [()]  # type: ignore[union-attr]


def test_expiry_holds_from_midnight_even_before_the_purge(town: Town) -> None:
    town.register(EMPLOYMENT, NAME, HETU)
    town.consents(SOCIAL, EMPLOYMENT, "activity", valid_until=date(2022, 3, 5))
    town.says(SOCIAL, STARTED)
    town.on("2022-03-05")
    assert town.path(EMPLOYMENT).services != ()
    town.on("2022-03-06")
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]
    assert town.path(EMPLOYMENT).services == ()


@pytest.mark.parametrize("fails", ["consent_head", "open_keys"])
def test_without_the_authority_only_ones_own_is_shown(consented: Town, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    consented.says(EMPLOYMENT, CaseOpened())
    if fails == "open_keys":  # there must be something to catch up with
        consented.does(HOME, WithdrawConsent())
    monkeypatch.setattr(consented.platform.authority, fails, away)
    path = consented.path(EMPLOYMENT)
    assert path.incomplete == "consent_state_unknown"
    assert path.services == () and path.consent == ()
    assert len(path.timeline) == 1, "the own case"
    refused, opened = disclosures(consented, EMPLOYMENT)
    assert refused.says == PathRefused(viewer_role="employment_coach", reason="consent_state_unknown")
    assert isinstance(opened.says, PathOpened) and opened.says.sources == ()


def test_without_the_authority_a_client_known_only_through_others_is_not_told_of(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(town.platform.authority, "consent_head", away)
    with pytest.raises(Unknown):
        town.path(SECOND)


# Another day


def test_a_past_day_shows_what_was_held_then_and_may_still_be_seen(town: Town) -> None:
    town.register(EMPLOYMENT, NAME, HETU)
    town.says(SOCIAL, STARTED)
    town.on("2022-03-10")
    town.consents(SOCIAL, EMPLOYMENT, "activity", history_since=date(2022, 1, 1))
    assert town.path(EMPLOYMENT).services != ()
    assert town.path(EMPLOYMENT, on="2022-03-09").services == (), "it happened on the first, and came here on the tenth"
    assert town.path(EMPLOYMENT, on="2022-03-10").services != ()
    town.on("2022-03-20")
    town.does(HOME, WithdrawConsent())
    assert town.path(EMPLOYMENT, on="2022-03-10").services == (), "what was seen then may not be seen now"


def test_a_past_day_shows_the_own_side_and_consent_of_that_day(consented: Town) -> None:
    consented.on("2022-03-10")
    consented.says(EMPLOYMENT, CaseOpened())
    consented.does(HOME, WithdrawConsent())
    then, now = consented.path(EMPLOYMENT, on="2022-03-05"), consented.path(EMPLOYMENT)
    assert then.as_of == date(2022, 3, 5)
    assert ["activity" in c for row in then.consent for c in row.categories].count(True) == 1
    assert not [row for row in now.consent if "activity" in row.categories]
    assert len(now.timeline) > len(then.timeline)


def test_the_day_asked_for_is_disclosed(consented: Town) -> None:
    consented.on("2022-03-10")
    consented.path(EMPLOYMENT, on="2022-03-05")
    (entry,) = disclosures(consented, EMPLOYMENT)
    assert isinstance(entry.says, PathOpened) and entry.says.as_of == date(2022, 3, 5)


def test_today_may_be_asked_for_and_tomorrow_may_not(consented: Town) -> None:
    assert consented.path(EMPLOYMENT, on="2022-03-01").services != ()
    before = len(disclosures(consented, EMPLOYMENT))
    with pytest.raises(Impossible) as refusal:
        consented.path(EMPLOYMENT, on="2022-03-02")
    assert (refusal.value.code, refusal.value.field) == ("looks_back_only", "on")
    assert len(disclosures(consented, EMPLOYMENT)) == before


# Consent rows


def test_consent_is_shown_as_this_organisation_was_told(town: Town) -> None:
    town.register(FIRST, NAME, HETU)
    town.consents(SOCIAL, FIRST, "activity", "case", valid_until=date(2022, 5, 31))
    town.consents(SOCIAL, FIRST, "case")
    town.consents(SOCIAL, SECOND, "coaching")
    rows = [r for r in town.path(FIRST).consent if r.instrument == "consent"]
    assert [(r.source, r.recipient, r.categories, r.until) for r in rows] == [
        (SOCIAL, FIRST, ("activity", "case"), date(2022, 5, 31)),
        (SOCIAL, FIRST, ("case",), None),
    ]
    seen_by_client = {(r.recipient, r.categories) for r in town.path(HOME).consent if r.instrument == "consent"}
    assert seen_by_client == {(FIRST, ("activity", "case")), (FIRST, ("case",)), (SECOND, ("coaching",))}


def test_consent_rows_end_with_their_last_day(town: Town) -> None:
    town.register(FIRST, NAME, HETU)
    town.consents(SOCIAL, FIRST, "case", valid_until=date(2022, 3, 5))

    def in_force() -> int:
        return len([r for r in town.path(FIRST).consent if r.instrument == "consent"])

    town.on("2022-03-05")
    assert in_force() == 1
    town.on("2022-03-06")
    assert in_force() == 0


def test_a_consent_for_reporting_does_not_look_like_one_for_service(town: Town) -> None:
    town.register(FIRST, NAME, HETU)
    for purpose in ("service_coordination", "reporting"):
        line = ScopeLine(source=[SOCIAL], recipient=[FIRST], categories=["case"], purpose=purpose)
        town.does(HOME, GiveConsent(scopes=[line]))
    rows = [r for r in town.path(FIRST).consent if r.instrument == "consent"]
    assert sorted(r.purpose for r in rows) == ["reporting", "service_coordination"]


def test_what_has_expired_makes_nobody_a_client_even_before_the_purge(town: Town) -> None:
    town.consents(SOCIAL, FIRST, "activity", valid_until=date(2022, 3, 5))
    town.says(SOCIAL, STARTED)
    town.on("2022-03-05")
    assert town[FIRST].is_client_here(town.client)
    town.on("2022-03-06")
    assert town.held(FIRST) == ["ActivityStarted"] and not town[FIRST].is_client_here(town.client)
    with pytest.raises(Unknown):
        town.path(FIRST)
