"""How one organisation's process shows another whose it is: each question signed with the organisation's own key.

A JWT (RFC 7519, Ed25519) over the address and the question's hash, good for a minute: whoever catches one can ask that
one question again for so long, and every question there is may be repeated.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from consent.sealing import Directory, SignatureBroken
from services.kit.errors import NotSignedIn

ALGORITHM = "Ed25519"
SCHEME = "Bearer"
AUDIENCE = "palvelupolku-authority"
LIVES_SECONDS = 60
CLOCKS_DIFFER_SECONDS = 30

Now = Callable[[], datetime]


class Credential:
    """An organisation's own."""

    def __init__(self, organisation: str, key: Ed25519PrivateKey, now: Now):
        """``now``: the real time, also where a story has a clock of its own."""
        self.organisation, self._now = organisation, now
        self._key = OKPKey.import_key(key)

    def header(self, address: str, question: bytes) -> str:
        """The ``Authorization`` header of one question. ``address`` is the path that it is asked at."""
        now = int(self._now().timestamp())
        claims = {
            "iss": self.organisation,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIVES_SECONDS,
            "htu": address,
            "hash": sha256(question).hexdigest(),
        }
        return f"{SCHEME} {jwt.encode({'alg': ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])}"


class Signed(NamedTuple):
    """Who has signed, and the hash of the question that they signed."""

    organisation: str
    question_hash: object

    def asking(self, question: bytes) -> str:
        """The organisation. Raises ``NotSignedIn`` where it has signed another question."""
        if self.question_hash != sha256(question).hexdigest():
            raise NotSignedIn("not_signed_in")
        return self.organisation


class Credentials:
    """Tells whose a question is, by the organisations' public keys."""

    def __init__(self, directory: Directory, now: Now):
        self._directory, self._now = directory, now

    def signed(self, header: str | None, address: str) -> Signed:
        """Told before the question is read. Raises ``NotSignedIn`` unless a known organisation has signed one just now."""
        scheme, _, token = (header or "").partition(" ")
        try:
            if scheme == SCHEME:
                return self._signed_by(token, address)
        except (JoseError, SignatureBroken, ValueError, LookupError, TypeError, RecursionError):
            pass
        raise NotSignedIn("not_signed_in")

    def _signed_by(self, token: str, address: str) -> Signed:
        claims = self._claims(token)
        now = self._now().timestamp()
        fresh = claims["iat"] - CLOCKS_DIFFER_SECONDS <= now <= claims["exp"] + CLOCKS_DIFFER_SECONDS
        lives = claims["exp"] - claims["iat"] <= LIVES_SECONDS
        meant = (claims["aud"], claims["htu"]) == (AUDIENCE, address)
        if not (fresh and lives and meant):
            raise ValueError
        return Signed(str(claims["iss"]), claims["hash"])

    def _claims(self, token: str) -> dict[str, Any]:
        """What the organisation says that the token names, signed by one of its keys."""
        named = json.loads(_from_base64(token.split(".")[1]))["iss"]
        broken: Exception = SignatureBroken("no key")
        for key in self._directory.public_keys(str(named)):
            try:
                return jwt.decode(token, OKPKey.import_key(key), algorithms=[ALGORITHM]).claims
            except JoseError as error:
                broken = error
        raise broken


def _from_base64(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
