"""What a role sees of what its organisation may have (the table of the domain brief, section 2).

The client's name, consent and one's own internal facts follow ``case`` (consent.md, "Inside an organisation").
"""

from typing import Literal

from events.envelope import INTERNAL

Sight = Literal["all", "own", "goals", "summary"]
"""``own``: what the viewer's own organisation recorded. ``goals``: of a plan only its goals.
``summary``: only together with others', never one client's."""

_CARE = ("case", "referral", "follow_up")


def _row(*categories: str, **partly: Sight) -> dict[str, Sight]:
    row: dict[str, Sight] = dict.fromkeys(categories, "all")
    return row | partly


_BOTH_COACHES = _row(
    *_CARE, "plan", "activity", "statement", "trial_work", "service", "coaching", "assessment", "health", "feedback"
)

SIGHT: dict[str, dict[str, Sight]] = {
    "own_social_worker": _BOTH_COACHES,
    "activity_supervisor": _row(
        *_CARE, "plan", "activity", "trial_work", "service", "coaching", "assessment", "feedback"
    ),
    "workshop_instructor": _row(*_CARE, "activity", "trial_work", "service", plan="goals"),
    "employment_coach": _BOTH_COACHES,
    "funder": _row("fee", feedback="summary"),
    "job_coach": _row(
        *_CARE, "plan", "activity", "trial_work", "service", "coaching", "assessment", "health", "feedback", fee="own"
    ),
    "team_leader": _row(*_CARE, "plan", "activity", "trial_work", "service", "coaching", "fee", "feedback"),
    "adviser": _row(*_CARE, "plan", "trial_work", "service", "assessment", "feedback"),
    "client": _row(
        *_CARE, "plan", "activity", "statement", "trial_work", "service", "coaching", "assessment", "health", "fee",
        "feedback",
    ),
}

_WITH_CASE = ("consent", "name", INTERNAL)


def sight(role: str, category: str) -> Sight | None:
    """How much of ``category`` (or of the client's ``name``) the role sees; None: nothing. An unknown role sees nothing."""
    return SIGHT.get(role, {}).get("case" if category in _WITH_CASE else category)
