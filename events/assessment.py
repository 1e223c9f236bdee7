"""``assessment``: the need for service, and the readiness checklist (direction, never a verdict)."""

from typing import Literal

from events.envelope import Says

CATEGORY = "assessment"

Need = Literal[
    "employment", "skills_and_education", "everyday_life", "health_services", "housing", "finances",
    "substance_use", "social_relations", "language", "other",
]
ReadinessItem = Literal[
    "wants_and_is_able_to_move_on", "ready_for_long_work", "positive_towards_employment", "employment_comes_first",
    "rehabilitation_in_good_phase", "ready_to_take_help", "right_form_of_service", "turning_point_near",
    "three_to_four_days_a_week", "workshop_without_walls", "needs_support_in_next_steps",
    "day_rhythm", "mental_and_physical_wellbeing", "substances_under_control", "stable_situation",
]


class ServiceNeedAssessed(Says, frozen=True, kw_only=True):
    """What the client needs, in the client's and the worker's words."""

    needs: tuple[Need, ...]
    clients_view: str | None = None
    summary: str | None = None


class ReadinessChecked(Says, frozen=True, kw_only=True):
    """The items ticked together with the client. There is no score."""

    ticked: tuple[ReadinessItem, ...]
    with_client: bool
    note: str | None = None
