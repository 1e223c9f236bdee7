"""Meetings that one's own organisation held with others about the client."""

from pydantic import Field

from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Short, Text


class HoldJointMeeting(Command):
    """Record a joint meeting of several organisations, with or without the client."""

    roles = CASE_WORKERS
    participants: tuple[Short, ...] = Field(
        min_length=1,
        description="The organisations that took part: their ids, or names of those outside, such as Kela.",
    )
    client_present: bool = Field(description="Whether the client was there.")
    place: Short | None = Field(default=None, description="Where, or by which means, they met.")
    topic: Text | None = Field(default=None, description="What was talked about.")
    agreed: tuple[Text, ...] = Field(default=(), description="What was agreed, one thing a line.")
