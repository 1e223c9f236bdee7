"""Short stories told through the machine's own rules: each brings one planted fault to light, and holds without it."""

from collections.abc import Sequence
from typing import Any

from services.client.authority.commands import ScopeLine
from tests.consent.machine import ConsentMachine
from tests.consent.world import FIRST, SECOND, SOTE, TE


def line(recipients: str | Sequence[str], category: str = "activity", source: str = SOTE, **more: Any) -> ScopeLine:
    to = [recipients] if isinstance(recipients, str) else list(recipients)
    return ScopeLine(source=[source], recipient=to, categories=[category], **more)


TO_FIRST = (line(FIRST),)
COACH = (FIRST, "job_coach")


def given_anew_and_read_at_once(m: ConsentMachine) -> None:
    m.record(SOTE, 0, "activity")
    m.give(0, TO_FIRST, history=60)
    m.settle()
    m.withdraw(0)
    m.give(0, TO_FIRST, history=60)
    m.die("at rest")  # who begins to read gets both in one batch; who waits for the log may get them one by one
    m.read(COACH, 0)
    m.holds()


def withdrawn_and_read(m: ConsentMachine) -> None:
    m.give(0, TO_FIRST)
    m.record(SOTE, 0, "activity")
    m.settle()
    m.withdraw(0)
    m.read(COACH, 0)


def given_without_history(m: ConsentMachine) -> None:
    m.record(SOTE, 0, "activity")
    m.days_pass(5)
    m.give(0, TO_FIRST)
    m.settle()


def two_who_hear_different_things(m: ConsentMachine) -> None:
    m.give(0, (line(FIRST), line(SECOND, "case")))
    m.record(SOTE, 0, "activity")
    m.record(SOTE, 0, "case")
    m.settle()


def one_of_two_leaves(m: ConsentMachine) -> None:
    m.give(0, TO_FIRST)
    m.give(0, (line(SECOND),))
    m.record(SOTE, 0, "activity")
    m.settle()
    m.withdraw(0, 0)
    m.record(SOTE, 0, "activity")
    m.settle()


def given_anew_with_history(m: ConsentMachine) -> None:
    m.record(SOTE, 0, "activity")
    m.give(0, TO_FIRST, history=60)
    m.settle()
    m.withdraw(0)
    m.settle()
    m.give(0, TO_FIRST, history=60)
    m.settle()


def the_authority_is_away(m: ConsentMachine) -> None:
    m.give(0, TO_FIRST)
    m.record(SOTE, 0, "activity")
    m.step(SOTE, "pump")
    m.authority_is_away([(FIRST, "projector")], COACH, 0)


def withdrawn_and_rebuilt(m: ConsentMachine) -> None:
    withdrawn_and_read(m)
    m.settle()
    m.rebuild(FIRST)
    m.holds()


def withdrawn_and_asked_for_keys(m: ConsentMachine) -> None:
    withdrawn_and_read(m)
    m.ask_for_all_keys(FIRST)


def history_taken_back_and_rebuilt(m: ConsentMachine) -> None:
    m.record(SOTE, 0, "activity", 20)
    m.give(0, TO_FIRST, history=60)
    m.settle()
    m.narrow(0, without=True)
    m.settle()
    m.rebuild(FIRST)
    m.read(COACH, 0)
    m.holds()


def somebody_reads(m: ConsentMachine) -> None:
    m.record(TE, 0, "activity")
    m.read((TE, "employment_coach"), 0)
