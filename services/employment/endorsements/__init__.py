"""Endorsements (puolto) for trial work and pay subsidy."""

from events.statement import EndorsementCancelled, EndorsementGiven
from services.employment.endorsements import commands as c
from services.employment.endorsements import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="endorsements",
    says=(EndorsementGiven, EndorsementCancelled),
    decides={
        c.GiveEndorsement: domain.give,
        c.CancelEndorsement: domain.cancel,
    },
    checks=(domain.check,),
)
