"""Contacts planned for after something ended or began, and what became of them."""

from collections.abc import Sequence
from datetime import date

from events.envelope import Fact, Says
from events.follow_up import FollowUpCancelled, FollowUpDone, FollowUpPlanned
from projections.service_path.entries import Entry, entries
from projections.service_path.rows import FollowUpRow

_AFTER: dict[type[Says], str] = {FollowUpDone: "follow_up", FollowUpCancelled: "follow_up"}


def follow_ups(facts: Sequence[Fact]) -> tuple[FollowUpRow, ...]:
    """By the day due, or done where the plan is not visible, then organisation, then as they were told. Effective facts in
    fold order in."""
    rows = (_row(entry) for entry in entries(facts, FollowUpPlanned, _AFTER))
    return tuple(sorted(rows, key=lambda r: (r.due_on or r.done_on or date.min, r.organisation)))


def _row(entry: Entry) -> FollowUpRow:
    done = entry.latest(FollowUpDone)
    return FollowUpRow(
        ref=entry.ref,
        kind=entry.said("kind"),
        organisation=entry.organisation,
        due_on=entry.said("due_on"),
        earliest_on=entry.said("earliest_on"),
        state="done" if done else "cancelled" if entry.after else "planned",
        done_on=done.occurred_on if done else None,
        situation=done.says.situation if done and isinstance(done.says, FollowUpDone) else None,
        began_before=entry.began is None,
    )
