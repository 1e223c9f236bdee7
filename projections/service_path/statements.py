"""Statements and endorsements as they now stand."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from events.envelope import Fact, Says
from events.statement import (
    EndorsementCancelled,
    EndorsementGiven,
    StatementCancelled,
    StatementCorrected,
    StatementGiven,
)
from projections.service_path.entries import Entry, entries
from projections.service_path.rows import EndorsementRow, StatementRow, StatementState

_OF_A_STATEMENT: dict[type[Says], str] = {StatementCorrected: "statement", StatementCancelled: "statement"}


def statements(facts: Sequence[Fact], as_of: date) -> tuple[StatementRow, ...]:
    """By first day, then organisation, then as they were told. Effective facts in fold order in."""
    rows = (_statement(entry, as_of) for entry in entries(facts, StatementGiven, _OF_A_STATEMENT))
    return tuple(sorted(rows, key=lambda r: (r.from_day or date.min, r.organisation)))


def _statement(entry: Entry, as_of: date) -> StatementRow:
    content = _content(entry)
    from_day, until = (content.from_day, content.until) if content else (None, None)
    return StatementRow(
        ref=entry.ref,
        organisation=entry.organisation,
        measure=entry.said("measure"),
        measure_ref=entry.said("measure_ref"),
        from_day=from_day,
        until=until,
        days_per_week=content.days_per_week if content else None,
        paying=content.paying if content else None,
        state="cancelled" if entry.latest(StatementCancelled) else _state(from_day, until, as_of),
        given_on=entry.began.occurred_on if entry.began else None,
        corrected=isinstance(content, StatementCorrected) or bool(entry.began and entry.began.corrects),
        began_before=entry.began is None,
    )


def _content(entry: Entry) -> StatementGiven | StatementCorrected | None:
    """What it says now: the last correction's words, else its own; None where neither is visible."""
    latest = entry.latest(StatementCorrected) or entry.began
    says = latest.says if latest is not None else None
    return says if isinstance(says, (StatementGiven, StatementCorrected)) else None


def _state(from_day: date | None, until: date | None, as_of: date) -> StatementState:
    if from_day is not None and as_of < from_day:
        return "ahead"
    return "ended" if until is not None and until < as_of else "in_force"


def endorsements(facts: Sequence[Fact], as_of: date) -> tuple[EndorsementRow, ...]:
    """By the day they were given. The end of one never seen has nothing to show."""
    found = entries(facts, EndorsementGiven, {EndorsementCancelled: "endorsement"})
    return tuple(_endorsement(e, e.began, as_of) for e in found if e.began is not None)


def _endorsement(entry: Entry, given: Fact, as_of: date) -> EndorsementRow:
    state: Literal["in_force", "ended", "cancelled"] = "in_force"
    if entry.after:
        state = "cancelled"
    elif (until := entry.said("valid_until")) is not None and until < as_of:
        state = "ended"
    return EndorsementRow(
        ref=entry.ref,
        organisation=entry.organisation,
        endorses=entry.said("endorses"),
        given_on=given.occurred_on,
        valid_until=entry.said("valid_until"),
        conditions=entry.said("conditions"),
        state=state,
    )
