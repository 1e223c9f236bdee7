"""What organisations ask the authority from their own processes, and how it is written (MessagePack).

Who asks stands in the credential, never in the question: nobody can ask for another organisation.
"""

from typing import Annotated

import msgspec

from consent import keys
from consent.keys import LOCATOR_BYTES, SealKey, Wanted
from events.consent import Scope
from services.kit import errors
from services.kit.errors import Refused

Locator = Annotated[bytes, msgspec.Meta(min_length=LOCATOR_BYTES, max_length=LOCATOR_BYTES)]


MOST = 1000
"""Of what is asked for at once: twice a batch."""

Many = msgspec.Meta(max_length=MOST)
Word = Annotated[str, msgspec.Meta(max_length=500)]
Fields = Annotated[bytes, msgspec.Meta(max_length=128 * 1024)]


class SealKeys(msgspec.Struct, frozen=True, tag=True):
    """``Keyring.seal_keys``."""

    wanted: Annotated[list[Wanted], Many]


class OpenKeys(msgspec.Struct, frozen=True, tag=True):
    """``Keyring.open_keys``: (client_ref, locator) of each record."""

    asked: Annotated[list[tuple[str, Locator]], Many]


class ConsentHead(msgspec.Struct, frozen=True, tag=True):
    """``Keyring.consent_head``."""

    client_ref: Word


class AreYouThere(msgspec.Struct, frozen=True, tag=True):
    """Answered ``Done``. Asked all the time: it is neither measured nor traced."""


class NoteGrounds(msgspec.Struct, frozen=True, tag=True):
    """``Keyring.note_grounds``."""

    client_ref: Word
    needed: Annotated[list[Scope], Many]


class ClientRef(msgspec.Struct, frozen=True, tag=True):
    """``Desk.client_ref``: the one question that an identity code is in."""

    hetu: Word
    person: Word


class Record(msgspec.Struct, frozen=True, tag=True):
    """``Desk.record``: ``fields`` of the command as JSON, given by a person of the asking organisation."""

    client_ref: Word
    command: Word
    fields: Fields
    person: Word
    person_name: Word
    command_id: Word


class Recorded(msgspec.Struct, frozen=True, tag=True):
    """``Desk.recorded``."""

    client_ref: Word
    command_id: Word


Question = SealKeys | OpenKeys | ConsentHead | NoteGrounds | ClientRef | Record | Recorded | AreYouThere


class Keys(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``SealKeys``, in the order they were wanted."""

    keys: list[SealKey]


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``OpenKeys``: a key, ``not_yours`` or ``no_such`` for each."""

    opened: list[keys.Opened]


class Head(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``ConsentHead``."""

    position: int
    changes: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``NoteGrounds``."""


class Ref(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``ClientRef``."""

    client_ref: str


class Facts(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``Record`` and ``Recorded``: the facts, as they are stored."""

    facts: list[bytes]


class Moved(msgspec.Struct, frozen=True, tag=True):
    """``ConsentMoved``."""

    client_refs: list[str]


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """``Refused``, by the name of its class."""

    kind: str
    code: str
    field: str | None

    def error(self) -> Refused:
        known = getattr(errors, self.kind, None)
        kind = known if isinstance(known, type) and issubclass(known, Refused) else Refused
        return kind(self.code, self.field)


Answer = Keys | Opened | Head | Done | Ref | Facts | Moved | Refusal

ADDRESS = "/authority"
CONTENT_TYPE = "application/msgpack"

encode = msgspec.msgpack.Encoder().encode
question_of = msgspec.msgpack.Decoder(Question).decode
"""Raises ``msgspec.DecodeError`` and ``msgspec.ValidationError`` (its subclass)."""
answer_of = msgspec.msgpack.Decoder(Answer).decode


def refusal(refused: Refused) -> Refusal:
    return Refusal(type(refused).__name__, refused.code, refused.field)

