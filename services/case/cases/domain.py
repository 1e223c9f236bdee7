"""The case: open or closed, never open twice."""

from itertools import pairwise

from events.case import CaseClosed, CaseOpened
from events.envelope import Fact
from services.case.cases import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible


def open_case(file: ClientFile, command: c.OpenCase, at: At) -> list[Draft]:
    on = command.on or at.today
    closings = [f.ref for f in file.of(CaseClosed) if f.occurred_on <= on]
    return [Draft(copied(command, CaseOpened, reopens=closings[-1] if closings else None), on)]


def close_case(file: ClientFile, command: c.CloseCase, at: At) -> list[Draft]:
    opening = the_one(file, command.case, CaseOpened, field="case", among=lacking(file, "case", CaseClosed))
    return [Draft(copied(command, CaseClosed, case=opening.ref), command.on or at.today)]


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: closed twice or before it was opened, opened while open."""
    check_all_refer(file, "case", [CaseClosed], CaseOpened)
    check_all_refer(file, "reopens", [CaseOpened], CaseClosed)
    openings = file.of(CaseOpened)
    for opening in openings:
        _check_closing(opening, referring(file, opening, "case", CaseClosed))
    for earlier, later in pairwise(openings):
        closings = referring(file, earlier, "case", CaseClosed)
        if not closings or closings[0].occurred_on > later.occurred_on:
            raise Impossible("case_already_open", "on")


def _check_closing(opening: Fact, closings: list[Fact[CaseClosed]]) -> None:
    if len(closings) > 1:
        raise Impossible("already_ended", "case")
    if closings and closings[0].occurred_on < opening.occurred_on:
        raise Impossible("ends_before_it_starts", "on")
