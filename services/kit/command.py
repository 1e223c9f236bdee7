"""Commands: a person's act, imperative, validated at the edge."""

import re
from datetime import date
from functools import cache
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]*$"
"""Nothing that turns the writing round, and no control characters but line breaks and tabs."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=WORDS)]
"""Free text: kept short, and refused where it holds an identity code."""

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=WORDS)]
"""A name or a place."""

Reference = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Id of a fact. May be left out where only one thing can be meant."""

Weekdays = Annotated[int, Field(ge=0, le=7)]
"""Days a week. What the law says of them is each feature's own rule."""

Hours = Annotated[float, Field(gt=0, le=24)]

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""No day of a command is before or after these: a slip of the pen, or a way of saying "for ever"."""


class Command(BaseModel):
    """Base of all commands. ``on`` is the day it happened; left out, it is today."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    roles: ClassVar[frozenset[str]]
    on: date | None = Field(default=None, description="The day it happened; today, if left out.")

    @field_validator("*")
    @classmethod
    def _days_are_of_this_world(cls, value: object) -> object:
        if isinstance(value, date) and not FIRST_DAY <= value <= LAST_DAY:
            raise ValueError("the day is too early or too late")
        return value

    @classmethod
    @cache
    def called(cls) -> str:
        """The name in stories and on the command line: ``start_activity``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def roles(*names: str) -> frozenset[str]:
    """The roles that may give a command."""
    return frozenset(names)
