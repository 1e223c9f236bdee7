from datetime import date

import pytest

from events.health import SickLeaveNoted, WorkAbilityLimitNoted
from services.case.corrections.commands import CorrectEntry
from services.case.health.commands import NoteSickLeave, NoteWorkAbilityLimit
from tests.given_when_then import Case

FIRST, DAY_BEFORE = date(2022, 12, 5), date(2022, 12, 4)


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def test_a_sick_leave_of_one_day_to_come(case: Case) -> None:
    case.when(NoteSickLeave(from_day=FIRST, until=FIRST, certificate_seen=True))
    case.then(SickLeaveNoted(from_day=FIRST, until=FIRST, certificate_seen=True))


def test_a_limit_is_not_told_at_work_unless_so_decided(case: Case) -> None:
    case.when(NoteWorkAbilityLimit(limit="Ei raskaita nostoja", from_day=FIRST))
    case.then(WorkAbilityLimitNoted(limit="Ei raskaita nostoja", from_day=FIRST, told_at_work="not_told"))


def test_the_last_day_is_not_before_the_first(case: Case) -> None:
    leave = NoteSickLeave(from_day=FIRST, until=DAY_BEFORE, certificate_seen=False)
    case.refused("ends_before_it_starts", leave, field="until")
    limit = NoteWorkAbilityLimit(limit="Ei yövuoroja", from_day=FIRST, until=DAY_BEFORE)
    case.refused("ends_before_it_starts", limit, field="until")


def test_nor_may_a_correction_put_it_there(case: Case) -> None:
    noted = case.when(NoteSickLeave(from_day=FIRST, until=FIRST, certificate_seen=True))
    assert noted
    earlier = CorrectEntry(fact=noted, changes={"until": DAY_BEFORE}, reason="päivä")
    case.refused("ends_before_it_starts", earlier, field="until")


@pytest.mark.parametrize("role", ["workshop_instructor", "activity_supervisor", "team_leader", "adviser", "funder"])
def test_health_is_for_few(case: Case, role: str) -> None:
    leave = NoteSickLeave(from_day=FIRST, until=FIRST, certificate_seen=True)
    case.refused("role_not_allowed", leave, role=role)
