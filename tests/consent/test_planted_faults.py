"""The property test is worth something: each fault that consent.md names, planted alone, is noticed."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.consent.faults import FAULTS
from tests.consent.machine import ConsentMachine, told
from tests.consent.test_property import EXAMPLES_ON_SERVERS, ON_SERVERS, SETTINGS

ONLY_BY_ITS_STORY = {"a rebuild that forgets a narrowing"}
"""Chance meets it seldom."""

BY_CHANCE = FAULTS.keys() - ONLY_BY_ITS_STORY
MEET_ALL = 30
"""In so many examples chance meets each of these."""

SEARCHED_ON_SERVERS = BY_CHANCE if EXAMPLES_ON_SERVERS >= MEET_ALL else {"acknowledged before it is on the log", "one key per client"}
"""In a few, only those that show at once."""


@pytest.mark.parametrize("name", FAULTS)
def test_the_story_holds_without_the_fault(machine: ConsentMachine, name: str) -> None:
    FAULTS[name].story(machine)
    machine.rest()


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_noticed(kind: type[ConsentMachine], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The world is made after the fault is planted: what it keeps of its parts would be as it was."""
    FAULTS[name].plant(monkeypatch)
    with told(kind) as machine, pytest.raises(AssertionError, match=FAULTS[name].noticed):
        FAULTS[name].story(machine)


@pytest.mark.parametrize("name", sorted(BY_CHANCE))
def test_the_machine_finds_the_fault_by_itself(
    in_files: type[ConsentMachine], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[name].plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(in_files, settings=settings(SETTINGS, derandomize=True, print_blob=False))


@pytest.mark.parametrize("name", sorted(SEARCHED_ON_SERVERS))
def test_the_machine_finds_the_fault_on_servers_too(
    on_servers: type[ConsentMachine], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[name].plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(on_servers, settings=settings(ON_SERVERS, derandomize=True, print_blob=False))
