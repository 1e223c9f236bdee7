"""Does a view hold what a story expects? Patterns name only what matters; all else is free."""

from collections.abc import Mapping
from datetime import date
from typing import Any

EVERYTHING = "everything"
"""``hides: {fees: everything}``: the list is empty, the field is null."""

SHORT_FOR = ("type", "service", "measure", "milestone", "kind", "name", "reason", "role")
"""A bare word stands for a row by the first of these fields that the row has."""


def plain(value: Any) -> Any:
    """A pattern with its dates as the views write them."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def matches(pattern: Any, found: Any) -> bool:
    """A mapping matches where each of its fields does; a list where each of its items matches some row; a bare word
    matches a row by its kind; anything else by being equal."""
    if isinstance(pattern, dict):
        return isinstance(found, dict) and all(k in found and matches(v, found[k]) for k, v in pattern.items())
    if isinstance(pattern, list):
        return isinstance(found, list) and all(any(matches(p, row) for row in found) for p in pattern)
    if isinstance(found, dict):
        return isinstance(pattern, str) and pattern == next((found[k] for k in SHORT_FOR if k in found), None)
    return bool(pattern == found)


def unmet(view: Mapping[str, Any], sees: Mapping[str, Any], hides: Mapping[str, Any]) -> list[str]:
    """What of the expectation does not hold, in words. Of the view only the kinds of its rows are repeated."""
    problems = []
    for name, pattern in plain(sees).items():
        if name not in view:
            problems.append(f"the view has no field `{name}`")
        elif not matches(pattern, view[name]):
            problems.append(f"not seen in `{name}`: {_first_missing(pattern, view[name])}")
    for name, pattern in plain(hides).items():
        if name not in view:
            problems.append(f"the view has no field `{name}`")
        else:
            problems += [f"seen in `{name}`, but should be hidden: {p}" for p in _shown(pattern, view[name])]
    return problems


def _first_missing(pattern: Any, found: Any) -> str:
    if isinstance(pattern, list) and isinstance(found, list):
        missing = next(p for p in pattern if not any(matches(p, row) for row in found))
        return f"{missing} (there are: {', '.join(map(_short, found)) or 'none'})"
    return str(pattern)


def _short(row: Any) -> str:
    """A row by its kind: enough to find what the author meant, nothing of what it says."""
    return next((str(row[k]) for k in SHORT_FOR if k in row), "a row") if isinstance(row, dict) else str(row)


def _shown(pattern: Any, found: Any) -> list[Any]:
    if pattern == EVERYTHING:
        return [EVERYTHING] if found else []
    patterns = pattern if isinstance(pattern, list) else [pattern]
    rows = found if isinstance(found, list) else [found]
    return [p for p in patterns if any(matches(p, row) for row in rows)]
