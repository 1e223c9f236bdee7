from datetime import date
from typing import Any

import pytest

from events.statement import StatementCancelled, StatementCorrected, StatementGiven
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.employment.statements.commands import CancelStatement, CorrectStatement, GiveStatement
from tests.given_when_then import Case

WORDING: dict[str, Any] = {
    "from_day": date(2022, 12, 1), "until": date(2023, 2, 28), "days_per_week": 3, "paying": True,
}
GIVEN = StatementGiven(measure="trial_work", **WORDING)


@pytest.fixture
def case() -> Case:
    return Case("employment", role="employment_coach", on="2022-11-30")


def corrected(statement: str, reason: str = "Virhe", **changes: Any) -> StatementCorrected:
    return StatementCorrected(**{"statement": statement, "reason": reason, **WORDING, **changes})


def test_a_statement_may_refer_to_anothers_measure(case: Case) -> None:
    case.when(GiveStatement(measure="activity", measure_ref="a" * 32, **WORDING))
    case.then(StatementGiven(measure="activity", measure_ref="a" * 32, **WORDING))


@pytest.mark.parametrize(("days", "taken"), [(0, False), (1, True), (5, True), (6, False)])
def test_days_are_one_to_five(case: Case, days: int, taken: bool) -> None:
    command = GiveStatement(measure="activity", **{**WORDING, "days_per_week": days})
    if taken:
        assert case.when(command)
    else:
        case.refused("statement_days_out_of_range", command, field="days_per_week")


def test_until_is_not_before_from_but_may_be_the_same_day(case: Case) -> None:
    backwards = {**WORDING, "until": date(2022, 11, 30)}
    case.refused("ends_before_it_starts", GiveStatement(measure="activity", **backwards), field="until")
    assert case.when(GiveStatement(measure="activity", **{**WORDING, "until": date(2022, 12, 1)}))


def test_a_correction_changes_what_is_named_and_keeps_the_rest_as_last_worded(case: Case) -> None:
    statement = case.given(GIVEN)
    case.when(CorrectStatement(days_per_week=4, reason="Virhe"))
    case.then(corrected(statement, days_per_week=4))
    case.when(CorrectStatement(paying=False, reason="Virhe"))
    case.then(corrected(statement, days_per_week=4, paying=False))
    assert case.file.of(StatementGiven)[0].says == GIVEN


def test_a_correction_is_held_to_the_same_rules(case: Case) -> None:
    case.given(GIVEN)
    case.refused("statement_days_out_of_range", CorrectStatement(days_per_week=6, reason="x"), field="days_per_week")
    case.refused("ends_before_it_starts", CorrectStatement(until=date(2022, 11, 30), reason="x"), field="until")


def test_nothing_after_a_cancellation(case: Case) -> None:
    statement = case.given(GIVEN)
    case.when(CancelStatement(reason="Ei alkanut"))
    case.then(StatementCancelled(statement=statement, reason="Ei alkanut"))
    case.refused("nothing_to_refer_to", CancelStatement(reason="x"))
    case.refused("statement_cancelled", CancelStatement(statement=statement, reason="x"), field="statement")
    case.refused("statement_cancelled", CorrectStatement(statement=statement, reason="x"), field="statement")


def test_a_cancellation_is_not_dated_before_a_correction_or_the_giving(case: Case) -> None:
    statement = case.given(GIVEN, on="2022-11-15")
    case.given(corrected(statement), on="2022-11-20")
    case.refused("statement_cancelled", CancelStatement(reason="x", on=date(2022, 11, 19)))
    case.refused("changed_before_it_was_given", CancelStatement(reason="x", on=date(2022, 11, 14)), field="on")
    assert case.when(CancelStatement(reason="x", on=date(2022, 11, 20)))


def test_an_entry_of_a_statement_is_held_to_the_rules_when_put_right(case: Case) -> None:
    statement = case.given(GIVEN)
    wrong = CorrectEntry(fact=statement, changes={"days_per_week": 6}, reason="Virhe")
    case.refused("statement_days_out_of_range", wrong, field="days_per_week")
    case.when(CancelStatement(reason="x"))
    case.refused("others_rest_on_it", AnnulEntry(fact=statement, reason="Virhe"))


def test_two_stand_side_by_side_and_one_must_say_which(case: Case) -> None:
    case.given(GIVEN)
    second = case.given(StatementGiven(measure="activity", **WORDING))
    case.refused("say_which_one", CancelStatement(reason="x"), field="statement")
    case.when(CancelStatement(statement=second, reason="x"))
    case.then(StatementCancelled(statement=second, reason="x"))


def test_only_the_employment_coach_writes_statements(case: Case) -> None:
    case.refused("role_not_allowed", GiveStatement(measure="activity", **WORDING), role="funder")
