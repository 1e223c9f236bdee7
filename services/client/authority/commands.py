"""What the client, or a clerk with the client's signed paper, does with consents."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from events.consent import Method, Purpose
from services.kit.command import Command, Reference, Short, Text, roles

PERSON = roles("client", "consent_clerk")

GrantRef = Field(default=None, description="The grant; may be left out where only one is in force.")


class ScopeLine(BaseModel):
    """Each organisation in ``from`` may tell each in ``to`` what is of these categories."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    source: Annotated[list[Short], Field(alias="from", min_length=1, description="Who tells.")]
    recipient: Annotated[list[Short], Field(alias="to", min_length=1, description="Who is told.")]
    categories: Annotated[list[Short], Field(min_length=1, description="Of what; `health` stands alone on its line.")]
    purpose: Purpose = Field(
        default="service_coordination", description="What for. One purpose never stands in for another."
    )


class Given(Command):
    """How the client gave their word."""

    roles = PERSON
    method: Method | None = Field(default=None, description="`electronic` for the client, `paper` for a clerk, if left out.")
    place: Short | None = Field(default=None, description="Where the paper was signed.")
    witness: Short | None = Field(default=None, description="Who witnessed the signature.")
    language: str = Field(default="fi", description="Language of the text that was shown.")
    text_version: str = Field(default="1", description="Version of the text that was shown.")


class GiveConsent(Given):
    """Give a consent: which organisations may tell which others what, and until when."""

    scopes: Annotated[list[ScopeLine], Field(min_length=1)] = Field(description="Who may tell whom what.")
    valid_from: date | None = Field(default=None, description="The first day; the day of signing, if left out.")
    valid_until: date | None = Field(default=None, description="The last day, included; none: until withdrawn.")
    history_since: date | None = Field(default=None, description="Include earlier events dated from this day on.")
    instrument: Literal["consent", "disclosure_permission"] = Field(
        default="consent", description="A consent, or a permission to disclose what is otherwise secret."
    )
    legal_ground: Text = Field(
        default="The client's consent", description="The ground in words, as the client is told it."
    )


class NarrowConsent(Given):
    """Take something away from a consent: scopes, days or history. Nothing is ever added."""

    grant: Reference | None = GrantRef
    remove: list[ScopeLine] = Field(default_factory=list, description="What is taken away.")
    valid_until: date | None = Field(default=None, description="An earlier last day.")
    without_history: bool = Field(default=False, description="Earlier events are no longer included.")


class ExtendConsent(Given):
    """Widen a consent: a later last day, earlier history, further scopes."""

    grant: Reference | None = GrantRef
    add: list[ScopeLine] = Field(default_factory=list, description="What is added.")
    valid_until: date | None = Field(default=None, description="A later last day.")
    open_ended: bool = Field(default=False, description="No last day any more.")
    history_since: date | None = Field(default=None, description="Include earlier events dated from this day on.")


class WithdrawConsent(Given):
    """Take a consent back, whole. No reason is asked; it costs the client nothing else."""

    grant: Reference | None = GrantRef


class RefuseConsent(Given):
    """Say no: beats every consent in these scopes until it is lifted."""

    scopes: Annotated[list[ScopeLine], Field(min_length=1)] = Field(description="Who may not tell whom what.")


class LiftRefusal(Given):
    """A refusal no longer holds."""

    refusal: Reference | None = Field(default=None, description="The refusal; may be left out where there is only one.")
