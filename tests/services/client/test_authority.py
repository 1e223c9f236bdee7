"""What the client, or a clerk with the signed paper, can do with consents, and what cannot be."""

from datetime import date

import pytest

from consent.sealing import SIZE_CLASSES, seal_parts
from consent.texts import text_shown
from events.catalogue import CATEGORIES
from events.codec import encode
from events.consent import ConsentExtended, ConsentGiven, ConsentNarrowed, Scope
from services.client.authority import commands as c
from services.client.authority.domain import MOST_PARTIES, MOST_SCOPES, feature
from services.kit.decide import Features
from tests.given_when_then import Case

ORGANISATIONS = frozenset({"social", "employment", "provider", *(f"o{n}" for n in range(MOST_PARTIES + 1))})
SHOWN = text_shown("fi", "1")
BY_CLIENT = {"method": "electronic", "text": SHOWN, "recorded_by": "p1", "recorded_in": "own"}


@pytest.fixture
def case() -> Case:
    case = Case("client", role="client", on="2022-08-23")
    case.features = Features((feature(ORGANISATIONS),))
    return case


def line(*categories: str, source: str = "social", to: str = "provider") -> c.ScopeLine:
    return c.ScopeLine(source=[source], recipient=[to], categories=list(categories))


def scopes(*categories: str, source: str = "social", to: str = "provider") -> tuple[Scope, ...]:
    return tuple(sorted(Scope(source=source, recipient=to, category=category) for category in categories))


def given(case: Case, **more: object) -> str:
    ref = case.when(c.GiveConsent(scopes=[line("plan", "activity")], **more))  # type: ignore[arg-type]
    assert ref is not None
    return ref


def test_the_client_gives_a_consent(case: Case) -> None:
    given(case, valid_until=date(2022, 12, 31), history_since=date(2020, 9, 1))
    case.then(
        ConsentGiven(
            legal_ground="The client's consent",
            scopes=scopes("activity", "plan"),
            valid_from=date(2022, 8, 23),
            valid_until=date(2022, 12, 31),
            history_since=date(2020, 9, 1),
            **BY_CLIENT,  # type: ignore[arg-type]
        )
    )


def test_a_clerk_records_paper_with_its_place(case: Case) -> None:
    command = c.GiveConsent(scopes=[line("plan")])
    case.refused("paper_needs_a_place", command, field="place", role="consent_clerk")
    case.refused("only_the_client_signs_electronically", c.GiveConsent(scopes=[line("plan")], method="electronic"), role="consent_clerk")
    assert case.when(c.GiveConsent(scopes=[line("plan")], place="Orimattila", witness="Testi Todistaja"), role="consent_clerk")
    says = case.new[0].says
    assert isinstance(says, ConsentGiven)
    assert (says.method, says.place, says.witness, says.recorded_in) == ("paper", "Orimattila", "Testi Todistaja", "own")


def test_the_client_does_not_record_paper(case: Case) -> None:
    case.refused("paper_is_recorded_by_a_clerk", c.GiveConsent(scopes=[line("plan")], method="paper"), field="method")


def test_health_is_never_bundled(case: Case) -> None:
    case.refused("health_needs_its_own_tick", c.GiveConsent(scopes=[line("plan", "health")]), field="scopes")
    assert case.when(c.GiveConsent(scopes=[line("plan"), line("health")]))


@pytest.mark.parametrize("category", ["internal", "consent", "everything"])
def test_what_consent_does_not_speak_of(case: Case, category: str) -> None:
    case.refused("unknown_category", c.GiveConsent(scopes=[line(category)]), field="scopes")


def test_only_installed_organisations_and_not_oneself(case: Case) -> None:
    case.refused("unknown_organisation", c.GiveConsent(scopes=[line("plan", to="elsewhere")]), field="scopes")
    case.refused("nobody_tells_themselves", c.GiveConsent(scopes=[line("plan", to="social")]), field="scopes")


def test_a_text_that_is_not_there(case: Case) -> None:
    case.refused("unknown_consent_text", c.GiveConsent(scopes=[line("plan")], text_version="99"), field="text_version")


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"valid_until": date(2022, 8, 22)}, "ends_before_it_starts"),
        ({"history_since": date(2022, 8, 24)}, "history_begins_after_the_consent"),
    ],
)
def test_days_that_cannot_be(case: Case, days: dict[str, date], code: str) -> None:
    case.refused(code, c.GiveConsent(scopes=[line("plan")], **days))


def test_a_consent_for_one_day_with_history_from_that_day(case: Case) -> None:
    assert given(case, valid_until=date(2022, 8, 23), history_since=date(2022, 8, 23))


def test_narrowing_only_removes(case: Case) -> None:
    grant = given(case, valid_until=date(2022, 12, 31), history_since=date(2022, 1, 1))
    case.refused("not_in_the_consent", c.NarrowConsent(remove=[line("coaching")]), field="remove")
    case.refused("narrowing_never_adds", c.NarrowConsent(valid_until=date(2023, 1, 1)), field="valid_until")
    case.refused("nothing_changes", c.NarrowConsent())
    case.when(c.NarrowConsent(remove=[line("plan")], without_history=True))
    case.then(
        ConsentNarrowed(
            grant=grant, grant_version=2, removed=scopes("plan"), valid_until=date(2022, 12, 31), history_since=None,
            **BY_CLIENT,  # type: ignore[arg-type]
        )
    )


def test_a_consent_from_which_everything_was_taken_out_can_be_extended_and_withdrawn(case: Case) -> None:
    given(case)
    case.when(c.NarrowConsent(remove=[line("plan", "activity")]))
    assert case.when(c.ExtendConsent(add=[line("coaching")]))
    case.when(c.NarrowConsent(remove=[line("coaching")]))
    assert case.when(c.WithdrawConsent())


def test_extending_only_adds(case: Case) -> None:
    grant = given(case, valid_until=date(2022, 12, 31), history_since=date(2022, 1, 1))
    case.refused("extending_never_takes_away", c.ExtendConsent(valid_until=date(2022, 12, 30)), field="valid_until")
    case.refused("extending_never_takes_away", c.ExtendConsent(history_since=date(2022, 1, 2)), field="history_since")
    case.refused("nothing_changes", c.ExtendConsent(valid_until=date(2022, 12, 31)))
    case.when(c.ExtendConsent(add=[line("coaching")], open_ended=True))
    case.then(
        ConsentExtended(
            grant=grant, grant_version=2, legal_ground="The client's consent", added=scopes("coaching"),
            from_day=date(2022, 8, 23), valid_from=date(2022, 8, 23), valid_until=None, history_since=date(2022, 1, 1),
            **BY_CLIENT,  # type: ignore[arg-type]
        )
    )


def test_withdrawing_needs_no_reason_and_is_done_once(case: Case) -> None:
    grant = given(case)
    assert case.when(c.WithdrawConsent())
    case.refused("already_withdrawn", c.WithdrawConsent(grant=grant), field="grant")
    case.refused("nothing_to_refer_to", c.WithdrawConsent(), field="grant")
    case.refused("already_withdrawn", c.ExtendConsent(grant=grant, open_ended=True))


def test_of_several_one_says_which(case: Case) -> None:
    first = given(case)
    given(case)
    case.refused("say_which_one", c.WithdrawConsent(), field="grant")
    assert case.when(c.WithdrawConsent(grant=first))
    assert case.when(c.WithdrawConsent())


def test_a_refusal_and_its_lifting(case: Case) -> None:
    case.refused("nothing_to_refer_to", c.LiftRefusal(), field="refusal")
    refusal = case.when(c.RefuseConsent(scopes=[line("plan")]))
    case.refused("unknown_reference", c.LiftRefusal(refusal="f" * 32), field="refusal")
    assert case.when(c.LiftRefusal(refusal=refusal))
    case.refused("nothing_to_refer_to", c.LiftRefusal(), field="refusal")


# Another organisation's clerk


def clerk(organisation: str) -> dict[str, str]:
    return {"role": "consent_clerk", "organisation": organisation}


def test_a_clerk_learns_nothing_of_a_consent_between_others(case: Case) -> None:
    """Whatever they ask, it is as if there were none."""
    grant = given(case, valid_until=date(2022, 12, 31))
    refusal = case.when(c.RefuseConsent(scopes=[line("coaching")]))
    asked: list[tuple[c.Given, str, str]] = [
        (c.NarrowConsent(place="x", remove=[line("plan")]), "nothing_to_refer_to", "grant"),
        (c.NarrowConsent(place="x", remove=[line("coaching")]), "nothing_to_refer_to", "grant"),
        (c.NarrowConsent(place="x", grant=grant, valid_until=date(2023, 1, 1)), "unknown_reference", "grant"),
        (c.ExtendConsent(place="x", grant=grant, add=[line("plan", to="employment")]), "unknown_reference", "grant"),
        (c.WithdrawConsent(place="x"), "nothing_to_refer_to", "grant"),
        (c.LiftRefusal(place="x"), "nothing_to_refer_to", "refusal"),
        (c.LiftRefusal(place="x", refusal=refusal), "unknown_reference", "refusal"),
    ]
    for command, code, field in asked:
        case.refused(code, command, field=field, **clerk("employment"))


def test_a_party_knows_its_own_part_of_a_consent_and_learns_nothing_of_the_rest_unseen(case: Case) -> None:
    both = [line("plan", "activity"), line("plan", to="employment")]
    case.when(c.GiveConsent(scopes=both))
    for others in ("plan", "coaching"):  # in the consent, and not in it
        case.refused("not_in_the_consent", c.NarrowConsent(place="x", remove=[line(others)]), field="remove", **clerk("employment"))
        assert case.when(c.ExtendConsent(place="x", add=[line(others)]), **clerk("employment")), "in the client's sight either way"
    assert case.when(c.ExtendConsent(place="x", add=[line("statement", source="employment", to="social")]), **clerk("employment"))
    assert case.when(c.NarrowConsent(place="x", remove=[line("plan", to="employment")]), **clerk("employment"))
    assert case.when(c.WithdrawConsent(place="x"), **clerk("employment"))


def test_who_recorded_a_consent_knows_all_of_it(case: Case) -> None:
    grant = case.when(c.GiveConsent(place="x", scopes=[line("plan", "activity")]), **clerk("employment"))
    assert case.when(c.NarrowConsent(place="x", remove=[line("plan")]), **clerk("employment"))
    assert case.when(c.ExtendConsent(place="x", grant=grant, add=[line("coaching")]), **clerk("employment"))
    refusal = case.when(c.RefuseConsent(place="x", scopes=[line("plan")]), **clerk("employment"))
    assert case.when(c.LiftRefusal(place="x", refusal=refusal), **clerk("employment"))
    assert case.when(c.WithdrawConsent(place="x"), **clerk("employment"))


def wide(parties: int) -> c.ScopeLine:
    names = [f"o{n}" for n in range(parties)]
    categories = [x for x in CATEGORIES if x not in ("consent", "health")]
    return c.ScopeLine(source=names, recipient=names, categories=categories[: MOST_SCOPES // (parties * (parties - 1))])


def test_a_consent_too_wide_for_a_record_is_refused_before_it_is_written(case: Case) -> None:
    case.refused("consent_too_wide", c.GiveConsent(scopes=[wide(MOST_PARTIES + 1)]), field="scopes")
    everything = [x for x in CATEGORIES if x not in ("consent", "health")]
    names = [f"o{n}" for n in range(MOST_PARTIES)]
    line_of_all = c.ScopeLine(source=names, recipient=names, categories=everything)
    case.refused("consent_too_wide", c.GiveConsent(scopes=[line_of_all]), field="scopes")


def test_the_widest_that_is_taken_fits_a_record(case: Case) -> None:
    case.when(c.GiveConsent(scopes=[wide(MOST_PARTIES)], place=None))
    whole = encode(case.new[0])
    parts = [(bytes([n]) * 32, whole) for n in range(MOST_PARTIES + 1)]  # each larger than any party's own part
    assert len(seal_parts(parts)) + 1024 < SIZE_CLASSES[-1]
