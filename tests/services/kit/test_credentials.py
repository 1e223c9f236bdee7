"""Whose a question is: only a known organisation's that has signed just this question, just now."""

import base64
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.kit.bootstrap import Keys
from services.kit.credentials import AUDIENCE, CLOCKS_DIFFER_SECONDS, LIVES_SECONDS, Credential, Credentials
from services.kit.errors import NotSignedIn

NOW = datetime(2022, 3, 1, 9, tzinfo=UTC)
ADDRESS, QUESTION = "/authority", b"a question"
SOCIAL, BEFORE, OTHER, STRANGE = (Ed25519PrivateKey.generate() for _ in range(4))
KEYS = Keys({"social": [SOCIAL.public_key(), BEFORE.public_key()], "employment": [OTHER.public_key()], "none": []})


def at(seconds: float = 0.0) -> Credentials:
    """Who looks, so much later."""
    return Credentials(KEYS, lambda: NOW + timedelta(seconds=seconds))


def header(organisation: str = "social", key: Ed25519PrivateKey = SOCIAL, question: bytes = QUESTION, address: str = ADDRESS) -> str:
    return Credential(organisation, key, lambda: NOW).header(address, question)


def refused(signed: str | None, seconds: float = 0.0) -> None:
    with pytest.raises(NotSignedIn):
        at(seconds).signed(signed, ADDRESS).asking(QUESTION)


@pytest.mark.parametrize("key", [SOCIAL, BEFORE])
def test_an_organisation_is_known_by_any_of_its_keys(key: Ed25519PrivateKey) -> None:
    assert at().signed(header(key=key), ADDRESS).asking(QUESTION) == "social"
    assert at().signed(header("employment", OTHER), ADDRESS).asking(QUESTION) == "employment"


@pytest.mark.parametrize(
    "signed",
    [
        header(key=STRANGE), header(key=OTHER), header("employment"), header("unknown"), header("none", SOCIAL), header(""),
        header(question=b"another"), header(address="/elsewhere"), header().lower(), header()[:-4], header() + "A",
    ],
)  # fmt: skip
def test_anything_else_is_nobodys(signed: str) -> None:
    refused(signed)


@pytest.mark.parametrize("signed", [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer a.b", "Bearer a.b.c", "Development paivi", "Bearer ä.ö.å"])
def test_what_is_no_credential_is_nobodys(signed: str | None) -> None:
    refused(signed)


@given(st.text(max_size=200))
def test_whatever_is_said_instead_is_nobodys(said: str) -> None:
    refused(said)
    refused(f"Bearer {said}")


def test_it_is_good_for_a_moment_and_clocks_may_differ() -> None:
    lasts = LIVES_SECONDS + CLOCKS_DIFFER_SECONDS
    for seconds in (-CLOCKS_DIFFER_SECONDS, 0, LIVES_SECONDS, lasts):
        assert at(seconds).signed(header(), ADDRESS).asking(QUESTION) == "social"
    for seconds in (-CLOCKS_DIFFER_SECONDS - 1, lasts + 1, 10 * lasts):
        refused(header(), seconds)


def claims(**other: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    right = {
        "iss": "social", "aud": AUDIENCE, "iat": now, "exp": now + LIVES_SECONDS, "htu": ADDRESS,
        "hash": sha256(QUESTION).hexdigest(),
    }  # fmt: skip
    return {k: v for k, v in (right | other).items() if v is not ...}


def signed(said: dict[str, Any]) -> str:
    return f"Bearer {jwt.encode({'alg': 'Ed25519'}, said, OKPKey.import_key(SOCIAL), algorithms=['Ed25519'])}"


def test_what_is_made_here_by_hand_is_as_it_is_made_there() -> None:
    assert at().signed(signed(claims()), ADDRESS).asking(QUESTION) == "social"


@pytest.mark.parametrize(
    "other",
    [
        *({name: ...} for name in ("iss", "aud", "iat", "exp", "htu", "hash")),
        {"iss": ["social"]}, {"iss": None}, {"iss": {"social": 1}}, {"aud": "another"}, {"aud": [AUDIENCE]},
        {"exp": int(NOW.timestamp()) + 10 * LIVES_SECONDS}, {"exp": "soon"}, {"iat": None}, {"exp": 1e400},
        {"iat": int(NOW.timestamp()) + 3600, "exp": int(NOW.timestamp()) + 3600 + LIVES_SECONDS},
        {"htu": "/authority/"}, {"hash": ""}, {"hash": sha256(QUESTION).digest().hex().upper()},
    ],
    ids=str,
)  # fmt: skip
def test_each_word_of_it_counts(other: dict[str, Any]) -> None:
    refused(signed(claims(**other)))


def test_nobody_signs_with_what_everybody_knows() -> None:
    """The signature is by the private key: not left out, and not by the public one as if that were a secret."""

    def part(words: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(words).encode()).decode().rstrip("=")

    refused(f"Bearer {part({'alg': 'none'})}.{part(claims())}.")
    secret = OctKey.import_key(SOCIAL.public_key().public_bytes_raw())
    refused(f"Bearer {jwt.encode({'alg': 'HS256'}, claims(), secret, algorithms=['HS256'])}")
    right = signed(claims()).split(".")
    refused(".".join([right[0], part(claims(iss="employment")), right[2]]))


def test_what_nobody_can_read_to_its_end_is_nobodys() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 30_000).decode()
    refused(f"Bearer {deep}.{deep}.{deep}")
