"""Services: what began, went on and ended, told by the references that facts carry. No beginning is guessed."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from events import activity, coaching, service, trial_work
from events.envelope import Fact, Says
from projections.service_path.decisions import tell_decisions
from projections.service_path.rows import ServiceRow
from projections.service_path.story import Story

Tell = Callable[[Story, Any, date], None]


class Step(NamedTuple):
    """A fact's part in a story. ``refers`` is the field that names the story; None: the fact begins it."""

    service: str
    refers: str | None
    tell: Tell


def services(facts: Sequence[Fact], as_of: date) -> tuple[ServiceRow, ...]:
    """One row a service: by first day, then organisation, then as they were told. Effective facts in fold order in."""
    told = [f for f in facts if type(f.says) in STEPS]
    stories: dict[tuple[str, str], Story] = {}
    # Beginnings first: a correction of one may stand after what followed it on the same day.
    for fact in sorted(told, key=lambda f: STEPS[type(f.says)].refers is not None):
        _tell(stories, fact)
    everything = (*stories.values(), *tell_decisions(facts, stories.values(), as_of))
    return tuple(s.row() for s in sorted(everything, key=lambda s: (s.starts_on or date.min, s.organisation)))


def _tell(stories: dict[tuple[str, str], Story], fact: Fact) -> None:
    step = STEPS[type(fact.says)]
    ref = fact.ref if step.refers is None else getattr(fact.says, step.refers)
    if ref is None:
        return
    # Only an organisation's own facts tell its story.
    story = stories.setdefault((fact.organisation, ref), Story(step.service, fact.organisation, ref, {ref}))
    if step.refers is None:
        story.refs.add(fact.fact_id)
    step.tell(story, fact.says, fact.occurred_on)


def _goes_on(story: Story, says: Says, on: date) -> None:
    """Shows that the story is there, and changes nothing in it."""


def _ends(story: Story, says: Any, on: date) -> None:
    story.end(on, getattr(says, "reason", None) or says.outcome)


def _activity_starts(story: Story, says: activity.ActivityStarted, on: date) -> None:
    story.begin(on)
    story.decision, story.place = says.activity, says.place
    story.set_days(on, says.days_per_week)


def _days_change(story: Story, says: activity.ActivityDaysChanged, on: date) -> None:
    story.set_days(on, says.days_per_week)


def _pauses(story: Story, says: activity.ActivityPaused, on: date) -> None:
    story.pause(on, says.until)


def _resumes(story: Story, says: activity.ActivityResumed, on: date) -> None:
    story.resume(on)
    story.set_days(on, says.days_per_week)


def _trial_work_is_agreed(story: Story, says: trial_work.TrialWorkAgreed, on: date) -> None:
    story.title, story.place = says.tasks, says.employer
    story.agree("agreed", says.starts_on, says.ends_on, says.days_per_week)


def _begins(story: Story, says: Says, on: date) -> None:
    story.begin(on)


def _trial_work_is_extended(story: Story, says: trial_work.TrialWorkExtended, on: date) -> None:
    story.planned_end = says.ends_on
    story.set_days(on, says.days_per_week)


def _is_interrupted(story: Story, says: trial_work.TrialWorkInterrupted, on: date) -> None:
    story.end(on, says.reason, interrupted=True)


def _coaching_starts(story: Story, says: coaching.CoachingStarted, on: date) -> None:
    story.begin(on)
    story.direction, story.place, story.planned_end = says.direction, says.place, says.until
    story.set_days(on, says.days_per_week)


def _coaching_is_extended(story: Story, says: coaching.CoachingExtended, on: date) -> None:
    story.planned_end = says.until


def _steps_forward(story: Story, says: coaching.NextStepTaken, on: date) -> None:
    story.next_step = says.step


def _job_starts(story: Story, says: coaching.JobStarted, on: date) -> None:
    story.begin(on)
    story.title, story.place = says.title, says.employer


def _service_starts(story: Story, says: service.ServiceStarted, on: date) -> None:
    story.begin(on)
    story.service, story.title, story.place, story.planned_end = says.service, says.title, says.provided_by, says.ends_on
    story.set_days(on, says.days_per_week)


STEPS: dict[type[Says], Step] = {
    activity.ActivityStarted: Step("activity", None, _activity_starts),
    activity.ParticipationRecorded: Step("activity", "activity", _goes_on),
    activity.ActivityDaysChanged: Step("activity", "activity", _days_change),
    activity.ActivityPaused: Step("activity", "activity", _pauses),
    activity.ActivityResumed: Step("activity", "activity", _resumes),
    activity.TurningPointReached: Step("activity", "activity", _goes_on),
    activity.ActivityEnded: Step("activity", "activity", _ends),
    trial_work.TrialWorkAgreed: Step("trial_work", None, _trial_work_is_agreed),
    trial_work.TrialWorkStarted: Step("trial_work", "trial_work", _begins),
    trial_work.TrialWorkExtended: Step("trial_work", "trial_work", _trial_work_is_extended),
    trial_work.TrialWorkInterrupted: Step("trial_work", "trial_work", _is_interrupted),
    trial_work.TrialWorkEnded: Step("trial_work", "trial_work", _ends),
    coaching.CoachingStarted: Step("coaching", None, _coaching_starts),
    coaching.CoachingMeetingHeld: Step("coaching", "coaching", _goes_on),
    coaching.ProfileUpdated: Step("coaching", "coaching", _goes_on),
    coaching.EmployerMet: Step("coaching", "coaching", _goes_on),
    coaching.BenefitsAdviceGiven: Step("coaching", "coaching", _goes_on),
    coaching.CoachingExtended: Step("coaching", "coaching", _coaching_is_extended),
    coaching.NextStepTaken: Step("coaching", "coaching", _steps_forward),
    coaching.CoachingEnded: Step("coaching", "coaching", _ends),
    coaching.JobStarted: Step("job", None, _job_starts),
    coaching.InWorkSupportGiven: Step("job", "job", _goes_on),
    coaching.JobEnded: Step("job", "job", _ends),
    service.ServiceStarted: Step("service", None, _service_starts),
    service.ServiceEnded: Step("service", "service", _ends),
}
