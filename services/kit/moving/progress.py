"""Why a move cannot go on."""

from typing import NamedTuple


class Moved(NamedTuple):
    """How far a part of the move has come: ``what`` it is, and how much of it."""

    what: str
    done: int
    total: int


class CannotMove(Exception):
    """What is at the other end is not what was moved there. Says what differs, nothing of any client."""
