"""Responsible workers (vastuutyöntekijä) and who acts for them while they are away."""

from events.case import WorkerAssigned, WorkerSubstituted
from services.case.responsible_workers import commands as c
from services.case.responsible_workers import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="responsible_workers",
    says=(WorkerAssigned, WorkerSubstituted),
    decides={c.AssignWorker: domain.assign, c.SubstituteWorker: domain.substitute},
    checks=(domain.check,),
)
