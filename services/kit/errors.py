"""Refusals: typed, with a code that the words table (``errors.toml``) explains in plain language.

A refusal rests only on what the acting organisation holds of its own, names the field, and repeats no
value: no personal data, nothing of another organisation.
"""


class Refused(Exception):
    """A command or question is refused. ``code`` is a key of the words table, ``field`` the input it is about."""

    status = 409

    def __init__(self, code: str, field: str | None = None):
        super().__init__(code if field is None else f"{code} ({field})")
        self.code = code
        self.field = field


class Invalid(Refused):
    """The input has the wrong form."""

    status = 422


class Impossible(Refused):
    """It cannot be: an end before its beginning, a pause of what never started."""

    status = 409


class Unknown(Refused):
    """A reference to something that one's own file does not hold."""

    status = 404


class NotAllowed(Refused):
    """The signed-in person may not do this in this role."""

    status = 403


class NotSignedIn(NotAllowed):
    """Nobody is signed in."""

    status = 401


class Unavailable(Refused):
    """Something needed cannot answer now: wait or refuse, never guess."""

    status = 503


class TooMany(Refused):
    """Asked too often."""

    status = 429
