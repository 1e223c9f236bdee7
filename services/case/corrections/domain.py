"""Corrections: a new fact of the same kind stands in the place of the entry, or takes it back."""

import re
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from events.catalogue import KNOWN
from events.envelope import INTERNAL, Fact, Says
from events.internal import NoteWritten
from services.case.corrections import commands as c
from services.kit.client_file import SYSTEM, At, ClientFile, Draft
from services.kit.errors import Impossible, Invalid, NotAllowed, Unknown

WRITTEN_BY_RULE = ("consent", "identity")
"""Categories with acts of their own: no person words these facts freely."""

_FIELD = re.compile(r"at `\$\.(\w+)")


def correct_entry(file: ClientFile, command: c.CorrectEntry, at: At) -> list[Draft]:
    entry = _own_writing(file, command.fact, at)
    draft = _in_place_of(entry, command.reason)
    corrected = replace(draft, says=_changed(entry.says, command.changes), on=command.on or draft.on)
    if (corrected.says, corrected.on) == (draft.says, draft.on):
        raise Invalid("nothing_to_correct", "changes")
    return [corrected]


def annul_entry(file: ClientFile, command: c.AnnulEntry, at: At) -> list[Draft]:
    return [replace(_in_place_of(_own_writing(file, command.fact, at), command.reason), annuls=True)]


def _in_place_of(entry: Fact, reason: str) -> Draft:
    """The same words again; references to the entry go on naming its first fact."""
    return Draft(entry.says, entry.occurred_on, entry.because, corrects=entry.ref, correction_reason=reason)


def _own_writing(file: ClientFile, ref: str, at: At) -> Fact:
    entry = file.find(ref, *KNOWN.values())
    if entry is None:
        raise Unknown("unknown_reference", "fact")
    first = next(f for f in file.facts if f.fact_id == entry.ref)
    if not _a_persons_writing(first):
        raise Impossible("not_a_persons_writing", "fact")
    if first.role != at.actor.role and first.actor != at.actor.person:
        raise NotAllowed("not_your_writing", "fact")
    return entry


def _a_persons_writing(fact: Fact) -> bool:
    if fact.role == SYSTEM or fact.category in WRITTEN_BY_RULE:
        return False
    return fact.category != INTERNAL or isinstance(fact.says, NoteWritten)


def _changed(says: Says, changes: Mapping[str, object]) -> Says:
    """Raises ``Invalid``, naming the field and never repeating a value."""
    plain = msgspec.to_builtins(says)
    if not changes.keys() <= plain.keys():
        raise Invalid("no_such_field", "changes")
    try:
        return msgspec.convert(plain | dict(changes), type(says))
    except msgspec.ValidationError as error:
        raise Invalid("cannot_be_corrected_so", _field(error)) from None


def _field(error: msgspec.ValidationError) -> str:
    found = _FIELD.search(str(error))
    return found[1] if found else "changes"
