"""Decisions on activity beside what has begun: often in two organisations' files, without reference to each other."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from events.activity import ActivityDecided
from events.envelope import Fact
from projections.service_path.story import Story


class Decision(NamedTuple):
    fact: Fact
    says: ActivityDecided


def tell_decisions(facts: Iterable[Fact], stories: Iterable[Story], as_of: date) -> list[Story]:
    """The decisions that nothing carries yet, as stories of their own; to the others' carriers, the planned end."""
    activities = [s for s in stories if s.service == "activity"]
    decisions = [Decision(f, f.says) for f in facts if isinstance(f.says, ActivityDecided)]
    waiting = []
    for decision in sorted(decisions, key=lambda d: (d.says.starts_on, d.fact.order)):
        carriers = _begun_by(decision, activities) or _continued_by(decision, activities, as_of)
        for story in carriers:
            story.refs.update((decision.fact.ref, decision.fact.fact_id))
            story.planned_end = max(story.planned_end or date.min, decision.says.ends_on)
        if not carriers:
            waiting.append(_waiting(decision))
    return waiting


def _begun_by(decision: Decision, activities: Iterable[Story]) -> list[Story]:
    return [s for s in activities if _refers_to(s, decision) or _begins_within(s, decision)]


def _refers_to(story: Story, decision: Decision) -> bool:
    return story.decision in (decision.fact.ref, decision.fact.fact_id)


def _begins_within(story: Story, decision: Decision) -> bool:
    """Without a reference the period speaks, unless the start names another decision of the same file."""
    if story.started_on is None or (story.decision is not None and story.organisation == decision.fact.organisation):
        return False
    return decision.says.starts_on <= story.started_on <= decision.says.ends_on


def _continued_by(decision: Decision, activities: Iterable[Story], as_of: date) -> list[Story]:
    """A period that follows another is carried by the activity that simply goes on, once its first day has come."""
    says = decision.says
    if says.starts_on > as_of:
        return []
    return [s for s in activities if says.follows in s.refs and (s.ended_on or date.max) >= says.starts_on]


def _waiting(decision: Decision) -> Story:
    fact, says = decision
    story = Story("activity", fact.organisation, fact.ref, place=says.place)
    story.agree("decided", says.starts_on, says.ends_on, says.days_per_week)
    return story
