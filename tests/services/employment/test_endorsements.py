from datetime import date

import pytest

from events.statement import EndorsementCancelled, EndorsementGiven
from services.case.corrections.commands import AnnulEntry
from services.employment.endorsements.commands import CancelEndorsement, GiveEndorsement
from tests.given_when_then import Case

GIVEN = EndorsementGiven(endorses="trial_work")


@pytest.fixture
def case() -> Case:
    return Case("employment", role="employment_coach", on="2022-11-30")


def test_an_endorsement_is_given_in_advance(case: Case) -> None:
    case.when(GiveEndorsement(endorses="pay_subsidy", valid_until=date(2023, 5, 31), conditions="Vuoden loppuun"))
    case.then(EndorsementGiven(endorses="pay_subsidy", valid_until=date(2023, 5, 31), conditions="Vuoden loppuun"))


def test_it_can_be_valid_for_its_own_day_but_not_until_the_day_before(case: Case) -> None:
    yesterday = GiveEndorsement(endorses="trial_work", valid_until=date(2022, 11, 29))
    case.refused("ends_before_it_starts", yesterday, field="valid_until")
    assert case.when(GiveEndorsement(endorses="trial_work", valid_until=date(2022, 11, 30)))


def test_it_is_cancelled_once_with_a_reason(case: Case) -> None:
    given = case.given(GIVEN)
    case.when(CancelEndorsement(reason="Tilanne muuttui"))
    case.then(EndorsementCancelled(endorsement=given, reason="Tilanne muuttui"))
    case.refused("nothing_to_refer_to", CancelEndorsement(reason="x"))
    case.refused("endorsement_cancelled", CancelEndorsement(endorsement=given, reason="x"), field="endorsement")


def test_it_is_not_cancelled_before_it_was_given(case: Case) -> None:
    case.given(GIVEN, on="2022-11-15")
    case.refused("ends_before_it_starts", CancelEndorsement(reason="x", on=date(2022, 11, 14)), field="on")
    assert case.when(CancelEndorsement(reason="x", on=date(2022, 11, 15)))


def test_a_cancelled_one_is_not_taken_back_under_its_cancellation(case: Case) -> None:
    given = case.given(GIVEN)
    case.given(EndorsementCancelled(endorsement=given, reason="x"))
    case.refused("others_rest_on_it", AnnulEntry(fact=given, reason="Virhe"))


def test_the_funder_does_not_endorse(case: Case) -> None:
    case.refused("role_not_allowed", GiveEndorsement(endorses="trial_work"), role="funder")
