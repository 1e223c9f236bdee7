"""The property test is worth something: each fault that consent.md names, planted alone, is noticed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.consent.faults import FAULTS
from tests.consent.machine import ConsentMachine


@contextmanager
def machine() -> Iterator[ConsentMachine]:
    machine = ConsentMachine()
    try:
        yield machine
    finally:
        machine.world.remove()


@pytest.mark.parametrize("name", FAULTS)
def test_the_story_holds_without_the_fault(name: str) -> None:
    with machine() as m:
        FAULTS[name].story(m)
        m.rest()


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name].plant(monkeypatch)
    with machine() as m, pytest.raises(AssertionError, match=FAULTS[name].noticed):
        FAULTS[name].story(m)
