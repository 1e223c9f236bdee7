from datetime import date
from typing import Any

import pytest

from events.activity import ActivityEnded, ActivityStarted
from events.consent import ConsentWithdrawn
from events.internal import NoteWritten
from events.referral import ReferralMade
from events.statement import StatementGiven
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.case.notes.commands import WriteNote
from services.case.referrals.commands import MakeReferral
from services.kit.errors import Invalid
from tests.given_when_then import Case

STARTED = ActivityStarted(days_per_week=4, place="Työpaja")


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def correct(fact: str, on: date | None = None, **changes: Any) -> CorrectEntry:
    return CorrectEntry(fact=fact, changes=changes, reason="kirjoitusvirhe", on=on)


def test_a_correction_stands_in_the_place_of_the_entry(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    case.when(correct(started, days_per_week=3))
    (fact,) = case.new
    assert fact.says == ActivityStarted(days_per_week=3, place="Työpaja")
    assert (fact.corrects, fact.annuls, fact.occurred_on) == (started, False, date(2022, 1, 3))
    assert fact.correction_reason == "kirjoitusvirhe"
    assert [f.ref for f in case.file.of(ActivityStarted)] == [started]


def test_a_correction_of_a_correction_names_the_first_fact(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    second = case.when(correct(started, days_per_week=3))
    assert second
    case.when(correct(second, place="Toinen paja"))
    assert case.new[0].corrects == started
    case.then(ActivityStarted(days_per_week=3, place="Toinen paja"))


def test_the_day_alone_may_be_corrected(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    case.when(correct(started, on=date(2022, 1, 4)))
    assert (case.new[0].says, case.new[0].occurred_on) == (STARTED, date(2022, 1, 4))
    case.refused("has_not_happened_yet", correct(started, on=date(2022, 12, 1)))


def test_an_entry_taken_back_holds_no_longer(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    case.when(AnnulEntry(fact=started, reason="väärä asiakas"))
    assert (case.new[0].says, case.new[0].corrects, case.new[0].annuls) == (STARTED, started, True)
    assert case.new[0].occurred_on == date(2022, 1, 3)
    assert case.file.of(ActivityStarted) == []
    case.refused("unknown_reference", AnnulEntry(fact=started, reason="uudelleen"), field="fact")


def test_a_day_is_given_as_json_or_yaml_has_it(case: Case) -> None:
    statement = case.given(
        StatementGiven(
            measure="activity", from_day=date(2022, 1, 3), until=date(2022, 6, 30), days_per_week=4, paying=True
        )
    )
    for until in ("2022-05-31", date(2022, 6, 1)):
        case.when(correct(statement, until=until))
        assert case.new[0].says.until == date.fromisoformat(str(until))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days_per_week": "neljä"}, "days_per_week"),
        ({"place": None}, "place"),
        ({"activity": "salaisuus"}, "activity"),
    ],
)
def test_a_misfit_is_refused_without_repeating_it(case: Case, changes: dict[str, Any], field: str) -> None:
    started = case.given(STARTED)
    case.refused("cannot_be_corrected_so", correct(started, **changes), field=field)
    with pytest.raises(Invalid) as refusal:
        case.when(correct(started, **changes))
    assert str(next(iter(changes.values()))) not in str(refusal.value)


def test_fields_that_the_fact_does_not_have_are_refused(case: Case) -> None:
    started = case.given(STARTED)
    case.refused("no_such_field", correct(started, palkka=1), field="changes")
    case.refused("no_such_field", correct(started, fact_id="d" * 32), field="changes")


def test_a_correction_that_changes_nothing_is_refused(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    case.refused("nothing_to_correct", correct(started))
    case.refused("nothing_to_correct", correct(started, on=date(2022, 1, 3), days_per_week=4))


def test_what_is_not_in_the_own_file_is_unknown(case: Case) -> None:
    heard = case.hears(ReferralMade(to="other", service="x", reason="y"), source="employment")
    case.refused("unknown_reference", correct(heard, reason="z"), field="fact")


def test_the_same_role_or_the_same_person_corrects(case: Case) -> None:
    started = case.given(STARTED, person="p1")
    case.refused("not_your_writing", correct(started, days_per_week=1), role="workshop_instructor", person="p2")
    assert case.when(correct(started, days_per_week=3), role="own_social_worker", person="p2")
    assert case.when(correct(started, days_per_week=2), role="workshop_instructor", person="p1")
    # who corrected last does not become the writer
    case.refused("not_your_writing", AnnulEntry(fact=started, reason="-"), role="workshop_instructor", person="p2")


def test_only_a_persons_writing_is_corrected(case: Case) -> None:
    withdrawn = case.given(ConsentWithdrawn(grant="d" * 32, method="paper", recorded_by="p1", recorded_in="own"))
    case.hears(ReferralMade(to="own", service="x", reason="y"), source="employment")
    noted = case.new[0].fact_id
    case.when(MakeReferral(to="provider", service="x", reason="y"))
    introduced = case.new[1].fact_id
    for fact in (withdrawn, noted, introduced):
        case.refused("not_a_persons_writing", AnnulEntry(fact=fact, reason="turha"), field="fact")
    note = case.when(WriteNote(note="Muista soito"))
    assert note
    case.when(correct(note, note="Muista soitto"))
    case.then(NoteWritten(note="Muista soitto"))


def test_nothing_may_lose_what_it_rests_on_nor_become_impossible(case: Case) -> None:
    started = case.given(STARTED, on="2022-01-03")
    ended = case.given(ActivityEnded(activity=started, reason="moved"), on="2022-10-01")
    case.refused("others_rest_on_it", AnnulEntry(fact=started, reason="väärä asiakas"))
    case.refused("outside_the_activity", correct(started, on=date(2022, 10, 2)))
    case.refused("activity_days_out_of_range", correct(started, days_per_week=5))
    case.when(AnnulEntry(fact=ended, reason="jatkuu"))
    assert case.when(AnnulEntry(fact=started, reason="väärä asiakas"))


def test_an_identity_code_is_refused_in_a_correction_too(case: Case) -> None:
    started = case.given(STARTED)
    case.refused("identity_code_in_text", correct(started, place="Paja 010170-999R"))
    case.refused("identity_code_in_text", AnnulEntry(fact=started, reason="Tunnus 010170-999R"))
