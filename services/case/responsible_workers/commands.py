"""Who in one's own organisation is responsible for the client."""

from datetime import date
from typing import Literal

from pydantic import Field

from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Short, Text

WorkerRole = Literal[
    "own_social_worker", "activity_supervisor", "workshop_instructor", "employment_coach", "job_coach", "team_leader",
    "adviser",
]


class AssignWorker(Command):
    """Name the worker who is responsible for the client in a role, from this day on."""

    roles = CASE_WORKERS
    worker_role: WorkerRole = Field(description="The role in which the worker is responsible.")
    person: Short = Field(description="The worker's id in this organisation.")
    person_name: Short = Field(description="The worker's name, as the client is told it.")
    task: Text | None = Field(default=None, description="What the worker does with the client.")


class SubstituteWorker(Command):
    """Name who acts for a responsible worker while they are away."""

    roles = CASE_WORKERS
    worker_role: WorkerRole = Field(description="The role in which the absent worker is responsible.")
    absent: Short = Field(description="The id of the responsible worker who is away.")
    substitute: Short = Field(description="The id of the worker who acts for them.")
    substitute_name: Short = Field(description="The substitute's name, as the client is told it.")
    from_day: date = Field(description="The first day of the absence.")
    until: date = Field(description="The last day of the absence.")
