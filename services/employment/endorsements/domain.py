"""Endorsements: given once, cancelled at most once."""

from events.statement import EndorsementCancelled, EndorsementGiven
from services.employment.endorsements import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible


def give(file: ClientFile, command: c.GiveEndorsement, at: At) -> list[Draft]:
    return [Draft(copied(command, EndorsementGiven), command.on or at.today)]


def cancel(file: ClientFile, command: c.CancelEndorsement, at: At) -> list[Draft]:
    holding = lacking(file, "endorsement", EndorsementCancelled)
    given = the_one(file, command.endorsement, EndorsementGiven, field="endorsement", among=holding)
    return [Draft(copied(command, EndorsementCancelled, endorsement=given.ref), command.on or at.today)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: valid until before it was given, cancelled twice or before it was given."""
    for given in file.of(EndorsementGiven):
        if given.says.valid_until is not None and given.says.valid_until < given.occurred_on:
            raise Impossible("ends_before_it_starts", "valid_until")
        cancelled = referring(file, given, "endorsement", EndorsementCancelled)
        if len(cancelled) > 1:
            raise Impossible("endorsement_cancelled", "endorsement")
        if cancelled and cancelled[0].occurred_on < given.occurred_on:
            raise Impossible("ends_before_it_starts", "on")
    check_all_refer(file, "endorsement", [EndorsementCancelled], EndorsementGiven)
