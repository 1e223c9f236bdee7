"""Putting right what was written wrong. The earlier words stay in the file, and the reason beside them."""

from datetime import date

from pydantic import Field

from services.case.roles import PROFESSIONALS
from services.kit.command import Command, Reference, Short, Text

Plain = Text | bool | int | float | date | list[object] | None
"""A value of a fact's field as JSON or YAML has it. What a field takes is the fact's own matter."""

Entry = Field(description="The entry: the id of its first fact.")


class CorrectEntry(Command):
    """Correct an own entry: the new wording stands in its place. For the role that wrote it, or the same person."""

    roles = PROFESSIONALS
    fact: Reference = Entry
    changes: dict[Short, Plain] = Field(default={}, description="The fields to change, with their right values.")
    reason: Text = Field(description="Why the entry is corrected.")
    on: date | None = Field(default=None, description="The right day, where the day was wrong; the same, if left out.")


class AnnulEntry(Command):
    """Take an own entry back: it holds no longer. For the role that wrote it, or the same person."""

    roles = PROFESSIONALS
    fact: Reference = Entry
    reason: Text = Field(description="Why the entry is taken back.")
    on: date | None = Field(default=None, description="Without effect: an entry taken back keeps the day it had.")
