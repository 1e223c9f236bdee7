"""Golden files: one fully filled fact for each (name, version) that was ever written, as the bytes it was written in.

A golden file is never changed: it stands for what lies in stores and on the log. After adding a fact or a version:

    python -c "from tests.events.goldens import write_missing; write_missing()"

writes those that are missing, and only those.
"""

import types
import typing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from events.catalogue import KNOWN
from events.codec import encode
from events.envelope import Fact, Says

FOLDER = Path(__file__).parent / "golden"

_PLAIN: dict[Any, Any] = {
    str: "Teksti, ääkköset mukana",
    int: 3,
    float: 4.5,
    bool: True,
    date: date(2022, 11, 30),
    datetime: datetime.fromisoformat("2022-11-30T09:15:00.000123+02:00"),
}


def path_of(name: str, version: int) -> Path:
    return FOLDER / f"{name}.v{version}.json"


def expected() -> set[Path]:
    """The golden files that the catalogue calls for."""
    return {path_of(name, version) for name, version in KNOWN}


def write_missing() -> list[Path]:
    """Write the golden files that are not there yet. Never overwrites. Returns those written."""
    missing = sorted(path for path in expected() if not path.exists())
    for path in missing:
        name, version = path.stem.rsplit(".v", 1)
        path.write_bytes(encode(fact_of(KNOWN[name, int(version)])) + b"\n")
    return missing


def fact_of(says: type[Says], /, **given: Any) -> Fact:
    """A fact of this class with every field filled; ``given`` overrides the envelope's."""
    fields = {
        "fact_id": "fa" * 16,
        "client_ref": "c1" * 16,
        "organisation": "orimattila-social",
        "source_seq": 7,
        "name": says.__name__,
        "version": says.version,
        "category": says.category,
        "occurred_on": date(2022, 11, 29),
        "recorded_at": datetime.fromisoformat("2022-11-30T08:00:05+02:00"),
        "actor": "testi",
        "actor_name": "Testi Henkilö",
        "role": "own_social_worker",
        "command_id": "c0" * 16,
        "because": ("be" * 16,),
        "corrects": "c7" * 16,
        "annuls": True,
        "correction_reason": "kirjattu väärälle päivälle",
    }
    return Fact(**({"says": filled(says)} | fields | given))


def filled(struct: type[Any]) -> Any:
    """A struct with every field filled."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return struct(**{name: _value(hints[name]) for name in struct.__struct_fields__})


def _value(hint: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return args[-1]
    if origin is typing.Annotated:
        return "ab" * 16 if args[0] is str else _value(args[0])
    if origin is tuple:
        return (_value(args[0]), _value(args[0]))
    if origin in (types.UnionType, typing.Union):
        return _value(args[0])
    return filled(hint) if hint not in _PLAIN else _PLAIN[hint]
