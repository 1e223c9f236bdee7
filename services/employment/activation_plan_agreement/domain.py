"""An organisation agrees for itself: the party is its own id."""

from events.envelope import Fact
from events.plan import ActivationPlanProposed
from services.case import plan_party
from services.employment.activation_plan_agreement import commands as c
from services.kit.client_file import At, ClientFile, Draft

check = plan_party.check


def agree(file: ClientFile, command: c.AgreeToActivationPlan, at: At) -> list[Draft]:
    return plan_party.agree(file, command, at, party=file.organisation)


def note_version(file: ClientFile, heard: Fact[ActivationPlanProposed], at: At) -> list[Draft]:
    return plan_party.note_version(file, heard, at, party=file.organisation)
