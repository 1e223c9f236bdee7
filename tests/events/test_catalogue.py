"""Where a fact lives says what consent it needs; what it is called says what happened."""

import re

import pytest

from events import catalogue, internal
from events.catalogue import BY_NAME, CATEGORIES, KNOWN, MODULES, UnknownFact, class_of
from events.envelope import INTERNAL, Says

FACTS = sorted(KNOWN.values(), key=lambda c: c.__name__)
IRREGULAR = {"Given", "Written", "Withdrawn", "Taken", "Held", "Made", "Done", "Paid", "Met"}
CAME_TO_BE = {"ActivationPlanInForce"}
"""A state that began: the act's own words (voimassa) for it."""


@pytest.mark.parametrize("fact_class", FACTS, ids=lambda c: c.__name__)
def test_category_is_that_of_its_module(fact_class: type[Says]) -> None:
    (module,) = [m for m in MODULES if m.__name__ == fact_class.__module__]
    assert fact_class.category == module.CATEGORY
    assert module.__name__.rsplit(".", 1)[1] == module.CATEGORY


@pytest.mark.parametrize("fact_class", FACTS, ids=lambda c: c.__name__)
def test_name_is_subject_first_and_past_tense(fact_class: type[Says]) -> None:
    words = re.findall(r"[A-Z][a-z]+", fact_class.__name__)
    assert "".join(words) == fact_class.__name__
    assert fact_class.__name__ in CAME_TO_BE or any(w.endswith("ed") or w in IRREGULAR for w in words[1:]), "no verb of the past after the subject"


@pytest.mark.parametrize("fact_class", FACTS, ids=lambda c: c.__name__)
def test_fact_is_frozen_and_explained(fact_class: type[Says]) -> None:
    assert fact_class.__struct_config__.frozen
    assert fact_class.__doc__ and fact_class.__doc__.strip()


def test_no_name_is_used_twice() -> None:
    assert len(BY_NAME) == len({name for name, _ in KNOWN}) == sum(len(catalogue._facts_of(m)) for m in MODULES)


def test_internal_is_no_category_of_consent() -> None:
    assert INTERNAL not in CATEGORIES
    assert internal in MODULES and len(CATEGORIES) == len(set(CATEGORIES)) == len(MODULES) - 1


def test_shared_beginnings_of_facts_are_no_facts() -> None:
    assert not any(name.startswith("_") for name in BY_NAME) and "Says" not in BY_NAME


def test_what_is_not_in_the_catalogue_is_unknown() -> None:
    assert class_of("CaseOpened", 1) is BY_NAME["CaseOpened"]
    with pytest.raises(UnknownFact):
        class_of("CaseOpened", 2)
