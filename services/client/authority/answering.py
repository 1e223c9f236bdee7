"""The authority's answers to organisations that run in processes of their own."""

from collections.abc import Mapping

import msgspec
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from consent.keys import ConsentMoved
from events.codec import encode as fact_bytes
from events.envelope import REF
from services.client.authority.keyring import Authority
from services.client.authority.questions import (
    Answer,
    AreYouThere,
    ClientRef,
    ConsentHead,
    Done,
    Facts,
    Head,
    Keys,
    Moved,
    NoteGrounds,
    Opened,
    OpenKeys,
    Question,
    Record,
    Recorded,
    Ref,
    SealKeys,
    question_of,
    refusal,
)
from services.client.desk import HomeDesk
from services.kit.client_file import Actor
from services.kit.config import CONSENT_CLERK, OrganisationConfig
from services.kit.errors import Invalid, NotAllowed, Refused, TooMany, Unknown
from services.kit.register import valid_hetu
from services.kit.telemetry.figures import ANSWER, measured
from services.kit.telemetry.traces import span

REGISTRATIONS = parse("120/minute")
"""How often one organisation may ask for a reference (consent.md, "Who and what"), whatever its own address allows."""


class Answering:
    """Answers one organisation at a time: only for itself, and only what it may ask."""

    def __init__(self, authority: Authority, desk: HomeDesk, organisations: Mapping[str, OrganisationConfig]):
        self._authority, self._desk, self._organisations = authority, desk, organisations
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def answer(self, organisation: str, asked: bytes) -> Answer:
        """Raises ``AuthorityUnavailable``, ``LogUnavailable`` and the store's errors: ask again."""
        try:
            question = question_of(asked)
        except msgspec.DecodeError:
            return refusal(Invalid("invalid_input"))
        labels = {"organisation": organisation, "question": type(question).__name__}
        try:
            if isinstance(question, AreYouThere):  # asked all the time
                return self._answer(organisation, question)
            with measured(ANSWER, **labels), span(f"answer {labels['question']}", labels, SpanKind.SERVER):
                return self._answer(organisation, question)
        except ConsentMoved as moved:
            return Moved(sorted(moved.client_refs))
        except Refused as refused:
            return refusal(refused)

    def _answer(self, organisation: str, question: Question) -> Answer:
        match question:
            case AreYouThere():
                return Done()
            case SealKeys(wanted):
                return Keys(list(self._authority.seal_keys(organisation, wanted)))
            case OpenKeys(asked):
                return Opened(list(self._authority.open_keys(organisation, asked)))
            case ConsentHead(client_ref):
                return Head(*self._authority.consent_head(client_ref, organisation))
            case NoteGrounds(client_ref, needed):
                scopes = frozenset(needed)
                if not self._desk.concerns(client_ref, organisation):  # whoever looks is told of to the client, whatever else
                    scopes = frozenset(s for s in scopes if s.recipient == self._authority.organisation)
                self._authority.note_grounds(client_ref, organisation, scopes)
                return Done()
            case ClientRef(hetu, person):
                if not self._limiter.hit(REGISTRATIONS, organisation):
                    raise TooMany("asked_too_often")
                return Ref(self._desk.client_ref(valid_hetu(hetu), organisation, person))
            case Record():
                return self._recorded(organisation, question)
            case Recorded(client_ref, command_id):
                self._check_own(organisation, command_id)
                return Facts([fact_bytes(f) for f in self._desk.recorded(client_ref, command_id)])

    def _recorded(self, organisation: str, asked: Record) -> Facts:
        """A consent that a clerk of the asking organisation records, of a client whom it has to do with: whom it has asked
        for by their identity code, or of whom it gives or receives something. That it is a clerk is theirs to know."""
        command_class = self._desk.commands.get(asked.command)
        if command_class is None:
            raise Unknown("unknown_command")
        if CONSENT_CLERK not in self._organisations[organisation].roles:
            raise NotAllowed("role_not_allowed", "role")
        self._check_own(organisation, asked.command_id)
        try:
            command = command_class.model_validate_json(asked.fields)
        except ValidationError:
            raise Invalid("invalid_input") from None
        if REF.fullmatch(asked.client_ref) is None or not self._desk.concerns(asked.client_ref, organisation):
            raise Unknown("not_a_client_here")
        actor = Actor(asked.person, asked.person_name, CONSENT_CLERK, organisation)
        return Facts([fact_bytes(f) for f in self._desk.record(asked.client_ref, command, actor, asked.command_id)])

    def _check_own(self, organisation: str, command_id: str) -> None:
        """Nobody asks what another's command has done, or does it in its place."""
        if not command_id.startswith(f"{organisation}:"):
            raise NotAllowed("not_your_organisation")
