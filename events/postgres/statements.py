"""Our statements, which are written once for SQLite and PostgreSQL, as PostgreSQL wants them.

A small translator for statements that are ours, not for any SQL: what stands in quotes or comments is left alone.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<text>'(?:[^']|'')*' | "[^"]*" | --[^\n]* | ::)   # what is not a parameter, whatever it holds
    | (?P<place>\?)
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<percent>%)
    """,
    re.VERBOSE,
)
_WITHOUT_ROWID = re.compile(r"\)\s*WITHOUT\s+ROWID\s*$", re.IGNORECASE)
_TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA"}
_TYPE = re.compile(rf"\b({'|'.join(_TYPES)})\b")


def _translated(match: re.Match[str]) -> str:
    if match["place"]:
        return "%s"
    if match["name"]:
        return f"%({match['name']})s"
    # psycopg reads % in texts too.
    return match[0].replace("%", "%%")


@lru_cache(maxsize=512)
def translated(statement: str) -> str:
    """``?`` and ``:name`` as psycopg's placeholders. Casts (``::``) and texts stay as they are."""
    return _TOKEN.sub(_translated, statement)


@lru_cache(maxsize=512)
def ddl(statement: str) -> str:
    """``CREATE TABLE`` and ``CREATE INDEX`` with INTEGER (64 bits) and BLOB as PostgreSQL's types."""
    return _TYPE.sub(lambda match: _TYPES[match[1]], _WITHOUT_ROWID.sub(")", statement))


_INSERT = re.compile(r"INSERT INTO (\w+) VALUES \(\?(?:, ?\?)*\)((?: ON CONFLICT(?: \([\w, ]+\))? DO NOTHING)?)")


class Insert(NamedTuple):
    """``INSERT INTO table VALUES (?, ...)`` and what is to be done with a row that is there already."""

    table: str
    conflict: str


@lru_cache(maxsize=512)
def plain_insert(statement: str) -> Insert | None:
    """None for any other statement. One that updates on conflict is another: many rows at once may name the same row
    twice, which PostgreSQL refuses in one statement."""
    found = _INSERT.fullmatch(statement)
    return Insert(found[1], found[2]) if found else None
