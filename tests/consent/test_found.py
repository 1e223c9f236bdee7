"""What the machine has found, in files or on servers: each story went wrong once."""

from events.consent import ConsentGiven
from tests.consent.machine import ConsentMachine
from tests.consent.stories import TO_FIRST, line
from tests.consent.world import FIRST, SECOND, SOTE


def test_a_scope_added_ahead_of_the_first_day_reaches_no_further_back_than_the_grant(machine: ConsentMachine) -> None:
    machine.give(0, TO_FIRST, begins=6)
    machine.extend(0, lines=(line(SECOND),))
    machine.record(SOTE, 0, "activity")
    machine.days_pass(15)
    machine.settle()


def test_history_taken_back_does_not_open_the_time_of_a_refusal(machine: ConsentMachine) -> None:
    machine.give(0, TO_FIRST, history=10)
    machine.refuse(0, TO_FIRST)
    machine.days_pass(5)
    machine.record(SOTE, 0, "activity")
    machine.days_pass(5)
    machine.lift(0)
    machine.settle()
    machine.narrow(0, without=True)
    machine.settle()


def test_a_consent_that_stands_on_the_log_once_more_is_not_given_again(machine: ConsentMachine) -> None:
    machine.record(SOTE, 0, "activity")
    machine.give(0, TO_FIRST)
    (given,) = [c for c in machine.checks.stream.oracles[machine.world.clients[0]].changes if isinstance(c.says, ConsentGiven)]
    places = [o.position for o in machine.checks.stream.originals.values()]
    machine.settle()
    machine.withdraw(0)
    machine.settle()
    machine.again(places.index(given.position), later=True)
    machine.settle()
    machine.rest()


def test_a_change_put_on_the_log_again_after_a_crash_keeps_its_day(machine: ConsentMachine) -> None:
    machine.record(SOTE, 0, "activity")
    machine.give(0, TO_FIRST, lasts=0)
    machine.settle()
    machine.die("consent on the log", lines=(line([FIRST, SECOND]),), days=1)
    machine.settle()
    machine.rest()


def test_history_given_again_beside_a_consent_that_lasts_is_sent_again(machine: ConsentMachine) -> None:
    machine.record(SOTE, 0, "activity", 5)
    machine.give(0, TO_FIRST, onward=True)
    machine.give(0, TO_FIRST, history=60)
    machine.settle()
    machine.withdraw(0, 1)
    machine.give(0, TO_FIRST, history=60)
    machine.settle()
    machine.ask_for_all_keys(FIRST)
    machine.rest()
