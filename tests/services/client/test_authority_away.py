"""Whatever keeps an answer of the authority away, or makes it no answer: who asks waits. Nothing is skipped, nothing guessed."""

import gzip
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.keys import AuthorityUnavailable, OpenKey, Wanted
from services.client.authority import remote as module
from services.client.authority.commands import WithdrawConsent
from services.client.authority.questions import (
    ConsentHead,
    Done,
    Facts,
    Head,
    Keys,
    Opened,
    Ref,
    Refusal,
    encode,
    question_of,
)
from services.client.authority.remote import RemoteAuthority
from services.kit.client_file import Actor
from services.kit.credentials import Credential
from services.kit.errors import Refused
from tests.services.client.served import Answered, answering, nothing, reset, saying

CLIENT, LOCATOR = "f" * 32, b"\0" * 16
KEY = Ed25519PrivateKey.generate()
BY = Actor("paivi", "Päivi Testi", "consent_clerk", "social")

Question = Callable[[RemoteAuthority], Any]
QUESTIONS: dict[str, Question] = {
    "seal_keys": lambda r: r.seal_keys("social", [Wanted(CLIENT, "activity", "", (("provider", "0/0001-01-01"),))]),
    "open_keys": lambda r: r.open_keys("social", [(CLIENT, LOCATOR)]),
    "consent_head": lambda r: r.consent_head(CLIENT, "social").position,
    "note_grounds": lambda r: r.note_grounds(CLIENT, "social", []),
    "client_ref": lambda r: r.client_ref("010170-999R", "social", "paivi"),
    "record": lambda r: r.record(CLIENT, WithdrawConsent(place="x"), BY, "social:1"),
    "recorded": lambda r: r.recorded(CLIENT, "social:1"),
}
HEAD = encode(Head(7, 2))


def silence(connection: socket.socket) -> None:
    """Until who asked has had enough."""
    connection.recv(1)


def as_it_is(said: bytes) -> Answered:
    return lambda connection: connection.sendall(said)


AWAY: dict[str, Answered] = {
    "an error": saying(status="500 Internal Server Error"),
    "away": saying(status="503 Service Unavailable"),
    "not let in": saying(status="401 Unauthorized"),
    "too large": saying(status="413 Content Too Large"),
    "elsewhere": saying(HEAD, status="307 Temporary Redirect", headers="Location: /elsewhere\r\n"),
    "no content": saying(status="204 No Content"),
    "an answer and yet none": saying(HEAD, status="404 Not Found"),
    "nothing": saying(),
    "garbage": saying(b"<html>Welcome</html>"),
    "cut off": saying(HEAD[:-1]),
    "more than an answer": saying(HEAD, b"\0"),
    "not all of it": saying(HEAD, length=len(HEAD) + 1),
    "badly compressed": saying(b"not gzip at all", headers="Content-Encoding: gzip\r\n"),
    "no HTTP": as_it_is(b"220 smtp.example ESMTP\r\n"),
    "closed": nothing,
    "reset": reset,
    "silence": silence,
    "only a question back": saying(encode(ConsentHead(CLIENT))),
}


def remote_at(port: int) -> RemoteAuthority:
    return RemoteAuthority(f"http://127.0.0.1:{port}/authority", Credential("social", KEY, lambda: datetime.now(UTC)), {})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)


@pytest.mark.parametrize("how", AWAY)
def test_who_gets_no_answer_waits(how: str) -> None:
    with answering(AWAY[how]) as (port, asked):
        remote = remote_at(port)
        for question in QUESTIONS.values():
            with pytest.raises(AuthorityUnavailable) as why:
                question(remote)
            assert CLIENT not in str(why.value) and "010170" not in str(why.value)
        with pytest.raises(AuthorityUnavailable):
            remote.ask_whether_it_answers()
        assert len(asked) >= len(QUESTIONS)
        remote.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1:{}", "http://nowhere.invalid:{}"])
def test_where_nobody_is_who_asks_waits(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    remote = RemoteAuthority(f"{address.format(port)}/authority", Credential("social", KEY, lambda: datetime.now(UTC)), {})
    for question in QUESTIONS.values():
        with pytest.raises(AuthorityUnavailable):
            question(remote)
    remote.close()


ANSWERS = (Keys([]), Opened([]), Head(7, 2), Done(), Ref("x"), Facts([]))
TO = {"seal_keys": Keys, "open_keys": Opened, "consent_head": Head, "note_grounds": Done, "client_ref": Ref, "record": Facts,
      "recorded": Facts}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_to_another_question_is_none(question: str) -> None:
    for answer in ANSWERS:
        if not isinstance(answer, TO[question]):
            with answering(saying(encode(answer))) as (port, _), pytest.raises(AuthorityUnavailable):
                QUESTIONS[question](remote_at(port))


OPEN = OpenKey(1, "social", "activity", b"k" * 32)
NOT_WHOLE: Sequence[tuple[str, Any]] = (
    ("seal_keys", Keys([])),
    ("seal_keys", Keys([(1, b"k", b"l")] * 2)),  # type: ignore[list-item]
    ("seal_keys", {"type": "Keys", "keys": [[1, "no bytes", b"l"]]}),
    ("open_keys", Opened([])),
    ("open_keys", Opened([OPEN, OPEN])),
    ("open_keys", {"type": "Opened", "opened": ["maybe"]}),
    ("open_keys", {"type": "Opened", "opened": [None]}),
    ("open_keys", {"type": "Opened", "opened": [[1, "social", "activity"]]}),
    ("consent_head", {"type": "Head", "position": "7", "changes": 2}),
    ("consent_head", {"type": "Head", "position": 7}),
    ("consent_head", {"type": "Head"}),
    ("client_ref", {"type": "Ref", "client_ref": 7}),
    ("recorded", Facts([b"no fact"])),
    ("recorded", Facts([b"{}"])),
    ("record", Facts([b"no fact"])),
    ("record", {"type": "Facts", "facts": "none"}),
)


@pytest.mark.parametrize(("question", "answer"), NOT_WHOLE, ids=lambda x: str(x)[:40])
def test_what_is_not_the_whole_answer_is_none(question: str, answer: Any) -> None:
    """A word that nobody knows is not taken for a no, and a key that is missing for none."""
    with answering(saying(encode(answer))) as (port, _), pytest.raises(AuthorityUnavailable):
        QUESTIONS[question](remote_at(port))


def test_what_the_same_server_says_rightly_is_taken() -> None:
    """Else all of the above would prove nothing."""
    with answering(saying(HEAD)) as (port, asked):
        assert QUESTIONS["consent_head"](remote_at(port)) == 7
    assert question_of(asked[0]) == ConsentHead(CLIENT)
    for answer, question in ((Opened([OPEN]), "open_keys"), (Opened(["not_yours"]), "open_keys")):
        with answering(saying(encode(answer))) as (port, _):
            assert QUESTIONS[question](remote_at(port)) == answer.opened
    with answering(saying(gzip.compress(HEAD), headers="Content-Encoding: gzip\r\n")) as (port, _):
        assert QUESTIONS["consent_head"](remote_at(port)) == 7


@pytest.mark.parametrize("first", [nothing, reset])
def test_a_connection_that_had_been_closed_is_asked_over_anew(first: Answered) -> None:
    with answering(first, saying(HEAD)) as (port, asked):
        assert QUESTIONS["consent_head"](remote_at(port)) == 7
    assert len(asked) == 2 and asked[0] == asked[1]


def test_who_does_not_answer_is_not_asked_twice() -> None:
    with answering(silence) as (port, asked), pytest.raises(AuthorityUnavailable):
        QUESTIONS["consent_head"](remote_at(port))
    assert len(asked) == 1


@pytest.mark.parametrize("kind", ["Refused", "Nothing", "__doc__", "__builtins__", ""])
def test_a_refusal_of_a_kind_that_is_not_known_is_a_refusal(kind: str) -> None:
    with answering(saying(encode(Refusal(kind, "a_code", "a_field")))) as (port, _), pytest.raises(Refused) as refused:
        QUESTIONS["client_ref"](remote_at(port))
    assert (type(refused.value), refused.value.code, refused.value.field) == (Refused, "a_code", "a_field")
