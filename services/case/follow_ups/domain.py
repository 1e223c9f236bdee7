"""Follow-ups: each is planned once, then done or cancelled once."""

from typing import Any

from events.envelope import Fact
from events.follow_up import FollowUpCancelled, FollowUpDone, FollowUpPlanned
from services.case.follow_ups import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible

SETTLED: tuple[type[Any], ...] = (FollowUpDone, FollowUpCancelled)


def plan(file: ClientFile, command: c.PlanFollowUp, at: At) -> list[Draft]:
    return [Draft(copied(command, FollowUpPlanned), command.on or at.today)]


def do(file: ClientFile, command: c.DoFollowUp, at: At) -> list[Draft]:
    planned = _planned(file, command)
    return [Draft(copied(command, FollowUpDone, follow_up=planned.ref), command.on or at.today)]


def cancel(file: ClientFile, command: c.CancelFollowUp, at: At) -> list[Draft]:
    planned = _planned(file, command)
    return [Draft(copied(command, FollowUpCancelled, follow_up=planned.ref), command.on or at.today)]


def _planned(file: ClientFile, command: c.OfFollowUp) -> Fact[FollowUpPlanned]:
    waiting = lacking(file, "follow_up", *SETTLED)
    return the_one(file, command.follow_up, FollowUpPlanned, field="follow_up", among=waiting)


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: a window that closes before it opens, settled twice or before it was planned."""
    check_all_refer(file, "follow_up", SETTLED, FollowUpPlanned)
    for planned in file.of(FollowUpPlanned):
        if planned.says.earliest_on is not None and planned.says.due_on < planned.says.earliest_on:
            raise Impossible("ends_before_it_starts", "due_on")
        settled = referring(file, planned, "follow_up", *SETTLED)
        if len(settled) > 1:
            raise Impossible("follow_up_already_settled", "follow_up")
        if settled and settled[0].occurred_on < planned.occurred_on:
            raise Impossible("ends_before_it_starts", "on")
