"""The implementation plan: made once, updated as the activity goes on."""

from events.activity import ActivityDecided, ActivityStarted
from events.plan import ImplementationPlanMade, ImplementationPlanUpdated
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, referring, the_one
from services.kit.errors import Impossible
from services.social.implementation_plan import commands as c


def make(file: ClientFile, command: c.MakeImplementationPlan, at: At) -> list[Draft]:
    activity = None
    if command.activity is not None:
        activity = the_one(file, command.activity, ActivityDecided, ActivityStarted, field="activity").ref
    return [Draft(copied(command, ImplementationPlanMade, activity=activity), command.on or at.today)]


def update(file: ClientFile, command: c.UpdateImplementationPlan, at: At) -> list[Draft]:
    made = the_one(file, command.implementation_plan, ImplementationPlanMade, field="implementation_plan")
    content = copied(command, ImplementationPlanUpdated, implementation_plan=made.ref)
    return [Draft(content, command.on or at.today)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: an update before the plan was made, or of a plan that is not here."""
    for made in file.of(ImplementationPlanMade):
        for updated in referring(file, made, "implementation_plan", ImplementationPlanUpdated):
            if updated.occurred_on < made.occurred_on:
                raise Impossible("updated_before_it_was_made", "on")
    check_all_refer(file, "implementation_plan", [ImplementationPlanUpdated], ImplementationPlanMade)
    check_all_refer(file, "activity", [ImplementationPlanMade], ActivityDecided, ActivityStarted)
