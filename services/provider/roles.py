"""Who works for a provider of supported job coaching."""

from services.kit.command import roles

COACHES = roles("job_coach", "team_leader")

LEADERS = roles("team_leader")
