"""The authority in another process: asked over HTTP, with the organisation's own credential."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

import httpx
import msgspec
from opentelemetry.trace import SpanKind

from consent.keys import AuthorityUnavailable, ConsentMoved, ConsentTold, Opened, SealKey, Wanted
from events.catalogue import UnknownFact
from events.codec import UnreadableFact, decode
from events.consent import Scope
from events.envelope import Fact
from services.client.authority import questions
from services.client.authority.questions import Answer, Moved, Question, Refusal, answer_of, encode
from services.kit.client_file import Actor
from services.kit.command import Command
from services.kit.credentials import Credential
from services.kit.errors import Refused
from services.kit.telemetry.figures import QUESTION, measured_outcome
from services.kit.telemetry.traces import HEADER as TRACEPARENT
from services.kit.telemetry.traces import span, traceparent

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 20.0
ATTEMPTS = 2
"""A kept connection may just have been closed at the other end."""

A = TypeVar("A", bound=Answer)
T = TypeVar("T")


class RemoteAuthority:
    """``consent.keys.Keyring`` and ``services.kit.desk.Desk`` for one organisation. Safe for threads.

    Whatever keeps an answer away raises ``AuthorityUnavailable``: nothing is skipped, nothing guessed.
    """

    def __init__(self, url: str, credential: Credential, commands: Mapping[str, type[Command]]):
        """``url``: of the authority's questions, e.g. ``https://oma-polku.example/authority``."""
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(timeout=timeout, headers={"Content-Type": questions.CONTENT_TYPE})
        self._url, self._credential = f"{url.rstrip('/')}/", credential
        self.commands = commands

    def seal_keys(self, source: str, wanted: Sequence[Wanted]) -> Sequence[SealKey]:
        return _whole(self._ask(questions.SealKeys(list(wanted)), questions.Keys).keys, wanted)

    def open_keys(self, recipient: str, asked: Sequence[tuple[str, bytes]]) -> Sequence[Opened]:
        return _whole(self._ask(questions.OpenKeys(list(asked)), questions.Opened).opened, asked)

    def consent_head(self, client_ref: str, party: str) -> ConsentTold:
        head = self._ask(questions.ConsentHead(client_ref), questions.Head)
        return ConsentTold(head.position, head.changes)

    def note_grounds(self, client_ref: str, source: str, needed: Collection[Scope]) -> None:
        self._ask(questions.NoteGrounds(client_ref, list(needed)), questions.Done)

    def client_ref(self, hetu: str, organisation: str, person: str) -> str:
        return self._ask(questions.ClientRef(hetu, person), questions.Ref).client_ref

    def record(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        fields = command.model_dump_json(by_alias=True, exclude_unset=True).encode()
        question = questions.Record(client_ref, command.called(), fields, actor.person, actor.name, command_id)
        return self._facts(question)

    def recorded(self, client_ref: str, command_id: str) -> tuple[Fact, ...]:
        return self._facts(questions.Recorded(client_ref, command_id))

    def _facts(self, question: Question) -> tuple[Fact, ...]:
        try:
            return tuple(map(decode, self._ask(question, questions.Facts).facts))
        except (UnreadableFact, UnknownFact):
            raise AuthorityUnavailable("the answer cannot be read") from None

    def ask_whether_it_answers(self) -> None:
        """Raises ``AuthorityUnavailable`` where it does not."""
        self._answered(questions.AreYouThere(), questions.Done)

    def _ask(self, question: Question, wanted: type[A]) -> A:
        """Raises what was answered, where it is a refusal."""
        name = type(question).__name__
        labels = {"organisation": self._credential.organisation, "question": name}
        with (
            measured_outcome(QUESTION, (Refused, ConsentMoved), **labels),
            span(f"ask {name}", labels, SpanKind.CLIENT),
        ):
            return self._answered(question, wanted)

    def _answered(self, question: Question, wanted: type[A]) -> A:
        answer = self._answer(encode(question))
        if isinstance(answer, Moved):
            raise ConsentMoved(frozenset(answer.client_refs))
        if isinstance(answer, Refusal):
            raise answer.error()
        if not isinstance(answer, wanted):
            raise AuthorityUnavailable("the answer is to another question")
        return answer

    def _answer(self, body: bytes) -> Answer:
        for attempt in range(ATTEMPTS):
            try:
                headers = {"Authorization": self._credential.header(questions.ADDRESS, body)}
                if here := traceparent():
                    headers[TRACEPARENT] = here
                response = self._client.post(self._url, content=body, headers=headers)
                break
            except httpx.ConnectError:
                raise AuthorityUnavailable("nobody there") from None
            except httpx.RequestError as error:
                if attempt + 1 == ATTEMPTS or isinstance(error, httpx.TimeoutException):
                    raise AuthorityUnavailable("no answer") from None
        if response.status_code != 200:
            raise AuthorityUnavailable(f"answered with status {response.status_code}")
        try:
            answer: Answer = answer_of(response.content)
        except msgspec.DecodeError:
            raise AuthorityUnavailable("the answer cannot be read") from None
        return answer

    def close(self) -> None:
        self._client.close()


def _whole(answers: Sequence[T], asked: Sequence[object]) -> Sequence[T]:
    if len(answers) != len(asked):
        raise AuthorityUnavailable("the answer is not whole")
    return answers
