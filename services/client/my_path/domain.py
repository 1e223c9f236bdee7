"""The client is a party to the activation plan, under the name "client"."""

from events.envelope import Fact
from events.plan import ActivationPlanProposed
from services.case import plan_party
from services.client.my_path import commands as c
from services.kit.client_file import At, ClientFile, Draft

CLIENT = "client"

check = plan_party.check


def agree(file: ClientFile, command: c.AgreeToActivationPlan, at: At) -> list[Draft]:
    return plan_party.agree(file, command, at, party=CLIENT)


def note_version(file: ClientFile, heard: Fact[ActivationPlanProposed], at: At) -> list[Draft]:
    return plan_party.note_version(file, heard, at, party=CLIENT)
