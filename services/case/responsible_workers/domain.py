"""Responsible workers: one substitutes only for a worker who is responsible, and never for oneself."""

from events.case import WorkerAssigned, WorkerSubstituted
from services.case.responsible_workers import commands as c
from services.kit.client_file import At, ClientFile, Draft, copied
from services.kit.errors import Impossible, Unknown


def assign(file: ClientFile, command: c.AssignWorker, at: At) -> list[Draft]:
    return [Draft(copied(command, WorkerAssigned), command.on or at.today)]


def substitute(file: ClientFile, command: c.SubstituteWorker, at: At) -> list[Draft]:
    substituted = copied(command, WorkerSubstituted)
    if not _absent_is_responsible(file, substituted):
        raise Unknown("not_a_responsible_worker", "absent")
    return [Draft(substituted, command.on or at.today)]


def _absent_is_responsible(file: ClientFile, substituted: WorkerSubstituted) -> bool:
    return any(
        (f.says.worker_role, f.says.person) == (substituted.worker_role, substituted.absent)
        and f.occurred_on <= substituted.from_day
        for f in file.of(WorkerAssigned)
    )


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: back before leaving, acting for oneself or for nobody."""
    for fact in file.of(WorkerSubstituted):
        if fact.says.until < fact.says.from_day:
            raise Impossible("ends_before_it_starts", "until")
        if fact.says.substitute == fact.says.absent:
            raise Impossible("acts_for_oneself", "substitute")
        if not _absent_is_responsible(file, fact.says):
            raise Impossible("others_rest_on_it", "fact")
