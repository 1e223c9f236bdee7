"""Who may give the commands that every kind has (domain brief, section 2)."""

from services.kit.command import roles

PROFESSIONALS = roles(
    "own_social_worker", "activity_supervisor", "workshop_instructor", "employment_coach", "funder", "job_coach",
    "team_leader", "adviser",
)

CASE_WORKERS = PROFESSIONALS - {"funder"}
"""All who see what is of ``case``, ``referral`` and ``follow_up``."""

HEALTH_WORKERS = roles("own_social_worker", "employment_coach", "job_coach")
"""Those who see what is of ``health``."""
