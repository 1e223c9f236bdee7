"""Statements: what they say now, and what cannot be said."""

from events.envelope import Fact
from events.statement import StatementCancelled, StatementCorrected, StatementGiven
from services.employment.statements import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible

MIN_DAYS, MAX_DAYS = 1, 5
"""Days a week on which Kela pays for a service."""


def give(file: ClientFile, command: c.GiveStatement, at: At) -> list[Draft]:
    return [Draft(copied(command, StatementGiven), command.on or at.today)]


def correct(file: ClientFile, command: c.CorrectStatement, at: At) -> list[Draft]:
    given = _standing(file, command)
    changed = {n: v for n in ("from_day", "until", "days_per_week", "paying") if (v := getattr(command, n)) is not None}
    now = copied(_wording(file, given), StatementCorrected, statement=given.ref, reason=command.reason, **changed)
    return [Draft(now, command.on or at.today)]


def cancel(file: ClientFile, command: c.CancelStatement, at: At) -> list[Draft]:
    given = _standing(file, command)
    return [Draft(copied(command, StatementCancelled, statement=given.ref), command.on or at.today)]


def _standing(file: ClientFile, command: c.OfStatement) -> Fact[StatementGiven]:
    stands = lacking(file, "statement", StatementCancelled)
    given = the_one(file, command.statement, StatementGiven, field="statement", among=stands)
    if not stands(given):
        raise Impossible("statement_cancelled", "statement")
    return given


def _wording(file: ClientFile, given: Fact[StatementGiven]) -> StatementGiven | StatementCorrected:
    """What the statement says now: its latest correction."""
    corrections = referring(file, given, "statement", StatementCorrected)
    return corrections[-1].says if corrections else given.says


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: until before from, days outside 1–5, anything after the cancellation."""
    for given in file.of(StatementGiven):
        corrections = referring(file, given, "statement", StatementCorrected)
        _check_wording(given.says)
        for corrected in corrections:
            _check_wording(corrected.says)
        _check_course(given, corrections, referring(file, given, "statement", StatementCancelled))
    check_all_refer(file, "statement", (StatementCorrected, StatementCancelled), StatementGiven)


def _check_wording(says: StatementGiven | StatementCorrected) -> None:
    if says.until < says.from_day:
        raise Impossible("ends_before_it_starts", "until")
    if not MIN_DAYS <= says.days_per_week <= MAX_DAYS:
        raise Impossible("statement_days_out_of_range", "days_per_week")


def _check_course(
    given: Fact[StatementGiven],
    corrections: list[Fact[StatementCorrected]],
    cancellations: list[Fact[StatementCancelled]],
) -> None:
    if any(f.occurred_on < given.occurred_on for f in (*corrections, *cancellations)):
        raise Impossible("changed_before_it_was_given", "on")
    after_cancelling = (f for f in corrections for end in cancellations if f.occurred_on > end.occurred_on)
    if len(cancellations) > 1 or any(after_cancelling):
        raise Impossible("statement_cancelled", "statement")
