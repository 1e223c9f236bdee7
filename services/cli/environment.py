"""Settings from the environment, for a command."""

from typing import TypeVar

from pydantic import ValidationError

from services.cli.open import CannotServe
from services.kit.settings import Environment

E = TypeVar("E", bound=Environment)


def given(kind: type[E]) -> E:
    """Raises ``CannotServe`` naming each setting that is missing or wrong, never its value."""
    try:
        return kind()
    except ValidationError as error:
        found = [_told(".".join(map(str, e["loc"])).upper(), e["msg"]) for e in error.errors(include_input=False)]
        raise CannotServe("; ".join(found)) from None


def _told(name: str, what: str) -> str:
    what = what.removeprefix("Value error, ")
    return f"{name}: {what}" if name else what
