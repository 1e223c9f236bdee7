"""Who is responsible for the client in each organisation."""

from collections.abc import Sequence
from datetime import date

import msgspec

from events.case import CaseClosed, WorkerAssigned, WorkerSubstituted
from events.envelope import Fact
from projections.service_path.rows import ResponsibleRow, SubstituteRow


def responsible(facts: Sequence[Fact], as_of: date) -> tuple[ResponsibleRow, ...]:
    """The latest of each role; nobody where the organisation has since closed the case. Facts in fold order in."""
    current: dict[tuple[str, str], ResponsibleRow] = {}
    for fact in facts:
        says, organisation = fact.says, fact.organisation
        if isinstance(says, CaseClosed):
            current = {key: row for key, row in current.items() if row.organisation != organisation}
        elif isinstance(says, WorkerAssigned):
            current[organisation, says.worker_role] = ResponsibleRow(
                organisation=organisation,
                role=says.worker_role,
                person=says.person_name,
                person_id=says.person,
                since=fact.occurred_on,
            )
    substitutes = _substitutes(facts, as_of)
    rows = (_with_substitute(row, substitutes) for row in current.values())
    return tuple(sorted(rows, key=lambda row: (row.organisation, row.role)))


def _substitutes(facts: Sequence[Fact], as_of: date) -> dict[tuple[str, str, str], SubstituteRow]:
    return {
        (f.organisation, f.says.worker_role, f.says.absent): SubstituteRow(person=f.says.substitute_name, until=f.says.until)
        for f in facts
        if isinstance(f.says, WorkerSubstituted) and f.says.from_day <= as_of <= f.says.until
    }


def _with_substitute(row: ResponsibleRow, substitutes: dict[tuple[str, str, str], SubstituteRow]) -> ResponsibleRow:
    substitute = substitutes.get((row.organisation, row.role, row.person_id))
    return msgspec.structs.replace(row, substitute=substitute)
