"""One helper for frozen structs."""

from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def replaced(struct: S, **changes: Any) -> S:
    """A copy with these fields changed."""
    return msgspec.structs.replace(struct, **changes)
