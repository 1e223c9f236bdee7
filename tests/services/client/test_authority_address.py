"""Who is let in at the authority's address, and what becomes of what nobody would ask."""

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.keys import AuthorityUnavailable, Wanted
from services.client.authority import web
from services.client.authority.answering import Answering
from services.client.authority.questions import (
    ConsentHead,
    Moved,
    Record,
    Recorded,
    Refusal,
    SealKeys,
    answer_of,
    encode,
)
from services.kit.clock import RealClock
from services.kit.credentials import Credential
from services.kit.errors import Invalid, NotAllowed, Refused, Unknown
from tests.projections.town import EMPLOYMENT, FIRST, SOCIAL
from tests.services.client.served import ServedAuthority

THIRD_HETU = "010190-999W"
CLIENT = "f" * 32
QUESTION = encode(ConsentHead(CLIENT))
ASKING = httpx.Client()


def posted(there: ServedAuthority, body: bytes) -> object:
    """What social services are answered."""
    answered = post(there, body, there.credential(SOCIAL).header("/authority", body))
    assert answered.status_code == 200, answered.status_code
    return answer_of(answered.content)


def post(there: ServedAuthority, body: bytes, authorization: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/msgpack"} | ({"Authorization": authorization} if authorization else {})
    return ASKING.post(there.url, content=body, headers=headers)


def made(organisation: str, key: Ed25519PrivateKey, later: float = 0.0) -> Callable[[bytes], str]:
    credential = Credential(organisation, key, lambda: RealClock().now() + timedelta(seconds=later))
    return lambda body: credential.header("/authority", body)


# Who is let in


def test_without_a_right_credential_nothing_is_answered(there: ServedAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> int:
        raise AssertionError("it came through")

    own, another = there.key(SOCIAL), there.key(FIRST)
    wrong: dict[str, Callable[[bytes], str]] = {
        "foreign": made(SOCIAL, another),
        "unknown": made("elsewhere", own),
        "strange": made(SOCIAL, Ed25519PrivateKey.generate()),
        "expired": made(SOCIAL, own, later=-120),
        "early": made(SOCIAL, own, later=120),
        "of another question": lambda _: made(SOCIAL, own)(QUESTION + b"\0"),
        "cut": lambda body: made(SOCIAL, own)(body)[:-3],
    }
    monkeypatch.setattr(there.town.platform.authority, "consent_head", asked)
    for authorization in (None, "Bearer x", *(make(QUESTION) for make in wrong.values())):
        answered = post(there, QUESTION, authorization)
        assert (answered.status_code, answered.content) == (401, b""), authorization


def test_a_credential_is_good_for_its_question_again_and_for_no_other(there: ServedAuthority) -> None:
    signed = made(SOCIAL, there.key(SOCIAL))(QUESTION)
    assert [post(there, QUESTION, signed).status_code for _ in range(2)] == [200, 200]
    assert post(there, encode(ConsentHead("e" * 32)), signed).status_code == 401


@pytest.mark.parametrize("later", [-120.0, 120.0])
def test_who_has_a_wrong_clock_or_key_waits(there: ServedAuthority, later: float) -> None:
    credentials = [
        Credential(SOCIAL, there.key(SOCIAL), lambda: RealClock().now() + timedelta(seconds=later)),
        Credential(SOCIAL, there.key(FIRST), RealClock().now),
        Credential("elsewhere", there.key(SOCIAL), RealClock().now),
    ]
    for credential in credentials:
        remote = there.asking(credential)
        with pytest.raises(AuthorityUnavailable, match="401"):
            remote.consent_head("f" * 32, SOCIAL)
        with pytest.raises(AuthorityUnavailable):
            remote.ask_whether_it_answers()
        remote.close()


def test_only_posting_asks(there: ServedAuthority) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert ASKING.request(method, there.url).status_code == 405


# What nobody would ask


@pytest.mark.parametrize("body", [b"", b"{}", b"\x80", b"\xc1", b"\x81\xa4type\xa4Head", b"\x91" * 50_000, QUESTION[:-1], QUESTION + b"\0"])
def test_what_is_no_question_is_refused(there: ServedAuthority, body: bytes) -> None:
    answer = posted(there, body)
    assert isinstance(answer, Refusal) and answer.code == "invalid_input"


def test_a_locator_of_another_length_is_no_locator(there: ServedAuthority) -> None:
    for wrong in (b"", b"\0" * 15, b"\0" * 17):
        with pytest.raises(Invalid):
            there.as_(SOCIAL).open_keys(SOCIAL, [(CLIENT, wrong), (CLIENT, b"\0" * 16)])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_is_answered(body: bytes) -> None:
    """Refused, that is: random bytes are no question of anybody's."""
    authority = Answering(None, None, {})  # type: ignore[arg-type]
    assert isinstance(authority.answer(SOCIAL, body), Refusal)


def test_a_question_without_sense_gets_no_key_and_leaves_nothing(there: ServedAuthority) -> None:
    epochs = there.town.platform._authority_store.newest_epoch()
    for members in ((), (("nobody", "0/0001-01-01"),), ((SOCIAL, ""), (SOCIAL, "")), ((EMPLOYMENT, "x" * 1000),)):
        for category in ("activity", "internal", "ääkkösiä"):
            for client in (there.town.client, CLIENT, ""):
                answer = posted(there, encode(SealKeys([Wanted(client, category, "", members)])))
                assert answer == Moved([client])
    assert there.town.platform._authority_store.newest_epoch() == epochs


@pytest.mark.parametrize(
    ("question", "code", "kind"),
    [
        (Record(CLIENT, "give_consent", b"{}", "p", "P", f"{SOCIAL}:1"), "invalid_input", Invalid),
        (Record(CLIENT, "give_consent", b"\xff not JSON", "p", "P", f"{SOCIAL}:1"), "invalid_input", Invalid),
        (Record(CLIENT, "give_feedback", b"{}", "p", "P", f"{SOCIAL}:1"), "unknown_command", Unknown),
        (Record(CLIENT, "__class__", b"{}", "p", "P", f"{SOCIAL}:1"), "unknown_command", Unknown),
        (Record(CLIENT, "withdraw_consent", b'{"place": "x"}', "p", "P", f"{SOCIAL}:1"), "not_a_client_here", Unknown),
        (Record("../etc", "withdraw_consent", b'{"place": "x"}', "p", "P", f"{SOCIAL}:1"), "not_a_client_here", Unknown),
        (Recorded(CLIENT, f"{FIRST}:1"), "not_your_organisation", NotAllowed),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    there: ServedAuthority, question: Record | Recorded, code: str, kind: type[Refused]
) -> None:
    answer = posted(there, encode(question))
    assert isinstance(answer, Refusal) and (answer.code, type(answer.error())) == (code, kind)


def test_what_is_too_large_is_not_read_to_its_end(there: ServedAuthority) -> None:
    large = bytes(web.LARGEST_QUESTION + 1)
    for body in (large, (large[n : n + 65536] for n in range(0, len(large), 65536))):
        signed = there.credential(SOCIAL).header("/authority", large)
        with suppress(httpx.TransportError):  # the door was closed while more was coming
            assert ASKING.post(there.url, content=body, headers={"Authorization": signed}).status_code == 413
    with pytest.raises(AuthorityUnavailable):
        there.as_(SOCIAL).client_ref("0" * web.LARGEST_QUESTION, SOCIAL, "x")
    there.as_(SOCIAL).ask_whether_it_answers()  # others are answered still


@pytest.mark.parametrize(("signed", "status"), [(False, 401), (True, 408)])
def test_nobody_waits_for_what_never_comes(
    there: ServedAuthority, monkeypatch: pytest.MonkeyPatch, signed: bool, status: int
) -> None:
    """Only whoever has signed something may send it, and only so long."""
    monkeypatch.setattr(web, "SENDING_SECONDS", 0.3 if signed else 1e9)
    address = urlsplit(there.url)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=10)) as connection:
        connection.putrequest("POST", address.path)
        connection.putheader("Content-Length", str(len(QUESTION)))
        if signed:
            connection.putheader("Authorization", there.credential(SOCIAL).header("/authority", QUESTION))
        connection.endheaders()
        assert connection.getresponse().status == status
    there.as_(SOCIAL).ask_whether_it_answers()


# What is told of it


def test_an_identity_code_stands_in_no_log(there: ServedAuthority, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever becomes of the question it is in."""
    caplog.set_level(logging.DEBUG)
    there.as_(SOCIAL).client_ref(THIRD_HETU, SOCIAL, "paivi")

    def broken(hetu: str) -> str:
        raise RuntimeError(f"cannot look for {hetu}")

    there.town.platform.authority.client_ref = broken  # type: ignore[method-assign]
    with pytest.raises(AuthorityUnavailable) as told:
        there.as_(SOCIAL).client_ref(THIRD_HETU, SOCIAL, "paivi")
    unsigned = there.asking(Credential(SOCIAL, there.key(FIRST), RealClock().now))
    with pytest.raises(AuthorityUnavailable) as refused:
        unsigned.client_ref(THIRD_HETU, SOCIAL, "paivi")
    unsigned.close()
    logged = caplog.text + "".join(str(r.__dict__) for r in caplog.records)
    assert "was not answered: RuntimeError" in logged and "401" in logged, "something is logged of each"
    for words in (logged, str(told.value), str(refused.value)):
        assert THIRD_HETU not in words
