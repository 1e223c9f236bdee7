"""What the plan's home keeps of the other parties' agreements: references."""

from events.envelope import Fact
from events.internal import AgreementNoted
from events.plan import ActivationPlanAgreed, ActivationPlanInForce
from services.kit.client_file import At, ClientFile, Draft, copied
from services.social.activation_plan.versions import has_ended, is_about, versions

CLIENT = "client"
"""The client as a party, and the role in which they act."""


def note_agreement(file: ClientFile, heard: Fact[ActivationPlanAgreed], at: At) -> list[Draft]:
    """Keep an agreement, to an older version too. One changed or taken back by the party itself is followed until the
    plan is in force by it: from then on a change of mind is a matter for a new version."""
    if not _speaks_for_itself(heard):
        return []
    whose = (heard.ref, heard.says.party)
    noted = next((n for n in file.of(AgreementNoted) if (n.says.agreement, n.says.party) == whose), None)
    if any(heard.ref in f.says.agreements for f in file.of(ActivationPlanInForce)):
        return []
    if _counts(file, heard):
        note = copied(heard.says, AgreementNoted, agreement=heard.ref)
        return [Draft(note, at.today, corrects=noted.ref if noted else None)]
    if noted is not None:
        return [Draft(noted.says, noted.occurred_on, corrects=noted.ref, annuls=True)]
    return []


def _counts(file: ClientFile, heard: Fact[ActivationPlanAgreed]) -> bool:
    if heard.annuls or has_ended(file, heard.says.plan):
        return False
    agreed_to = (v for v in versions(file, heard.says.plan) if is_about(heard.says, v))
    return any(heard.says.party in v.says.parties for v in agreed_to)


def _speaks_for_itself(heard: Fact[ActivationPlanAgreed]) -> bool:
    """An organisation agrees for itself alone; for the client only the client does."""
    if heard.role == CLIENT:
        return heard.says.party == CLIENT
    return heard.says.party == heard.organisation != CLIENT
