"""Statements (lausunto), on which Kela pays benefits."""

from events.statement import StatementCancelled, StatementCorrected, StatementGiven
from services.employment.statements import commands as c
from services.employment.statements import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="statements",
    says=(StatementGiven, StatementCorrected, StatementCancelled),
    decides={
        c.GiveStatement: domain.give,
        c.CorrectStatement: domain.correct,
        c.CancelStatement: domain.cancel,
    },
    checks=(domain.check,),
)
