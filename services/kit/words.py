"""The one table of refusal words: a plain sentence for each code, in the languages of the people who meet it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("fi", "sv", "en")
DEFAULT_LANGUAGE = LANGUAGES[0]
NEUTRAL = "refused"
"""The entry whose words stand in for a code that has none."""

_SERVICES = Path(__file__).parents[1]


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """Every code with its words by language. A kind's own table stands beside its code."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted(_SERVICES.rglob("errors.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType(found)


def words(code: str, language: str = DEFAULT_LANGUAGE) -> str:
    """What the code says in plain words; a neutral sentence for one that the table does not know."""
    known = tables()
    entry = known.get(code, known[NEUTRAL])
    return entry.get(language) or entry[DEFAULT_LANGUAGE]


def language_of(accepted: str | None) -> str:
    """The language that an ``Accept-Language`` header likes best among ours (RFC 9110 § 12.5.4)."""
    ranges = [_weighed(part) for part in (accepted or "").split(",")]
    ours = [(weight, tag) for weight, tag in ranges if tag in LANGUAGES and weight > 0]
    return max(ours, key=lambda o: o[0])[1] if ours else DEFAULT_LANGUAGE


def _weighed(part: str) -> tuple[float, str]:
    tag, _, weight = part.partition(";q=")
    try:
        return float(weight or 1), tag.strip().split("-")[0].lower()
    except ValueError:
        return 0.0, ""
