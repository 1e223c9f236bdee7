"""Looking for work together with employers."""

from pydantic import Field

from events.coaching import Initiative
from services.kit.command import Short, Text
from services.provider.coaching.commands import DuringCoaching


class MeetEmployer(DuringCoaching):
    """Record a contact with an employer for this client."""

    employer: Short = Field(description="The employer's name.")
    sector: Short | None = Field(default=None, description="The employer's sector.")
    face_to_face: bool = Field(description="Whether the employer was met face to face.")
    client_present: bool = Field(default=False, description="Whether the client was there.")
    initiative: Initiative = Field(default="clients_wish", description="Whose wish the contact started from.")
    purpose: Text | None = Field(default=None, description="What the contact was for.")
