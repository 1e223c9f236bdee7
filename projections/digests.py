"""What a view holds, in short: for comparing a rebuilt view with the running one in the same database."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

COMPARED: dict[str, tuple[str, tuple[Any, ...]]] = {
    "held": ("position, client_ref, source, source_seq, category, fact_date, day, data", (0,)),
    "consent_changes": ("position, client_ref, day, data", (0,)),
    "day_edges": ("day, client_ref", ("", "")),
    "to_confirm": ("position, client_ref, change", (0,)),
    "set_aside": ("position, client_ref, record_id", (0,)),
}
"""What is the same in a rebuilt view: by table its columns, the key first, and what stands before every key."""

PIECE = 5_000

Rows = Callable[[str, Any], list[Any]]
"""Of a statement and its parameters."""


class Digest(NamedTuple):
    """Of a table: how many rows, and the hash of all of them."""

    rows: int
    sha256: str


def digests_of(rows: Rows) -> dict[str, Digest]:
    """Of every row, by table, a piece at a time."""
    return {table: _digest(rows, table, *COMPARED[table]) for table in COMPARED}


def _digest(rows: Rows, table: str, columns: str, first: tuple[Any, ...]) -> Digest:
    key = ", ".join(columns.split(", ")[: len(first)])
    query = f"SELECT {columns} FROM {table} WHERE ({key}) > ({', '.join('?' * len(first))}) ORDER BY {key} LIMIT {PIECE}"
    count, digest, after = 0, sha256(), first
    while piece := rows(query, after):
        count, after = count + len(piece), tuple(piece[-1][: len(first)])
        digest.update(msgspec.msgpack.encode(piece))
    return Digest(count, digest.hexdigest())
