"""Sick leave and work-ability limits: a category of its own, never bundled."""

from events.health import SickLeaveNoted, WorkAbilityLimitNoted
from services.case.health import commands as c
from services.case.health import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="health",
    says=(SickLeaveNoted, WorkAbilityLimitNoted),
    decides={c.NoteSickLeave: domain.note_sick_leave, c.NoteWorkAbilityLimit: domain.note_limit},
    checks=(domain.check,),
)
