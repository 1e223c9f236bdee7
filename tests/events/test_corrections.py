from datetime import date
from typing import Any

from events.case import CaseClosed, CaseOpened
from events.corrections import effective
from events.envelope import Fact
from tests.events.goldens import fact_of

FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)


def fact(fact_id: str, seq: int, on: str = "2022-03-01", **more: Any) -> Fact:
    given = {"fact_id": fact_id, "source_seq": seq, "occurred_on": date.fromisoformat(on), "corrects": None, "annuls": False}
    return fact_of(CaseOpened, **given | more)


def ids(*facts: Fact) -> list[str]:
    return [f.fact_id for f in effective(facts)]


def test_nothing_corrected_is_left_as_it_is() -> None:
    assert ids(fact(FIRST, 1), fact(SECOND, 2)) == [FIRST, SECOND]


def test_the_last_correction_of_a_chain_stands_whatever_the_arrival() -> None:
    chain = [fact(FIRST, 1), fact(SECOND, 2, corrects=FIRST), fact(THIRD, 3, corrects=FIRST)]
    assert ids(*chain) == ids(*reversed(chain)) == ids(chain[2], chain[0], chain[1]) == [THIRD]


def test_a_correction_stands_for_what_others_refer_to() -> None:
    (corrected,) = effective([fact(FIRST, 1), fact(SECOND, 2, corrects=FIRST)])
    assert corrected.ref == FIRST


def test_what_is_taken_back_is_gone_with_all_its_corrections() -> None:
    taken_back = fact(THIRD, 3, corrects=FIRST, annuls=True)
    assert ids(fact(FIRST, 1), fact(SECOND, 2, corrects=FIRST), taken_back) == []


def test_a_correction_after_taking_back_brings_the_entry_again() -> None:
    taken_back = fact(SECOND, 2, corrects=FIRST, annuls=True)
    assert ids(fact(FIRST, 1), taken_back, fact(THIRD, 3, corrects=FIRST)) == [THIRD]


def test_nobody_corrects_another_organisations_entry() -> None:
    foreign = fact(SECOND, 9, corrects=FIRST, annuls=True, organisation="esimerkkivalmennus")
    assert ids(fact(FIRST, 1), foreign) == [FIRST]


def test_a_correction_whose_first_entry_may_not_be_seen_stands_alone() -> None:
    assert ids(fact(SECOND, 2, corrects=FIRST)) == [SECOND]


def test_order_is_by_day_then_organisation_then_place_in_the_file() -> None:
    late = fact(FIRST, 1, on="2022-05-01")
    other = fact(SECOND, 1, on="2022-04-01", organisation="esimerkkivalmennus")
    same_day = [fact("4" * 32, 11, on="2022-04-01"), fact("5" * 32, 12, on="2022-04-01")]
    assert ids(late, *reversed(same_day), other) == [SECOND, "4" * 32, "5" * 32, FIRST]


def test_a_correction_may_move_the_entry_to_another_day_and_say_another_thing() -> None:
    moved = fact(THIRD, 3, on="2022-01-01", corrects=FIRST, says=CaseClosed(case=FIRST, reason="other"))
    assert ids(fact(FIRST, 1, on="2022-06-01"), fact(SECOND, 2, on="2022-03-01"), moved) == [THIRD, SECOND]
