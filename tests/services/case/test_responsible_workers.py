from datetime import date

import pytest

from events.case import WorkerAssigned, WorkerSubstituted
from services.case.corrections.commands import AnnulEntry
from services.case.responsible_workers.commands import AssignWorker, SubstituteWorker
from tests.given_when_then import Case

ASSIGNED = WorkerAssigned(worker_role="own_social_worker", person="w1", person_name="Testi Työntekijä")


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30")


def away(**changes: object) -> SubstituteWorker:
    days = {"from_day": date(2022, 7, 1), "until": date(2022, 7, 31)}
    people = {"absent": "w1", "substitute": "w2", "substitute_name": "Malli Sijainen"}
    return SubstituteWorker.model_validate({"worker_role": "own_social_worker", **people, **days, **changes})


def test_assign_from_a_day_on(case: Case) -> None:
    who = {"person": "w1", "person_name": "Testi Työntekijä"}
    case.when(AssignWorker(worker_role="own_social_worker", on=date(2022, 3, 1), **who))
    case.then(ASSIGNED)
    assert case.new[0].occurred_on == date(2022, 3, 1)


def test_substitute_for_an_assigned_worker(case: Case) -> None:
    case.given(ASSIGNED, on="2022-07-01")
    case.when(away(until=date(2022, 7, 1)))
    case.then(
        WorkerSubstituted(
            worker_role="own_social_worker", absent="w1", substitute="w2", substitute_name="Malli Sijainen",
            from_day=date(2022, 7, 1), until=date(2022, 7, 1),
        )
    )


@pytest.mark.parametrize(
    "changes", [{"absent": "w3"}, {"worker_role": "job_coach"}, {"from_day": date(2022, 6, 30)}]
)
def test_absent_must_be_responsible_in_that_role_then(case: Case, changes: dict[str, object]) -> None:
    case.given(ASSIGNED, on="2022-07-01")
    case.refused("not_a_responsible_worker", away(**changes), field="absent")


def test_back_before_leaving_is_refused(case: Case) -> None:
    case.given(ASSIGNED, on="2022-01-03")
    case.refused("ends_before_it_starts", away(until=date(2022, 6, 30)), field="until")


def test_nobody_acts_for_oneself(case: Case) -> None:
    case.given(ASSIGNED, on="2022-01-03")
    case.refused("acts_for_oneself", away(substitute="w1"), field="substitute")


def test_a_substitution_rests_on_the_assignment(case: Case) -> None:
    assigned = case.given(ASSIGNED, on="2022-01-03")
    case.when(away())
    case.refused("others_rest_on_it", AnnulEntry(fact=assigned, reason="väärä henkilö"))
