"""Statements (lausunto), on which Kela pays benefits."""

from services.employment.statements import commands as c
from services.employment.statements import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="statements",
    decides={
        c.GiveStatement: domain.give,
        c.CorrectStatement: domain.correct,
        c.CancelStatement: domain.cancel,
    },
    checks=(domain.check,),
)
