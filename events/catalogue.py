"""Which facts exist: (name, version) → class → category. One module per category."""

from types import ModuleType

from events import (
    activity,
    assessment,
    case,
    coaching,
    consent,
    fee,
    follow_up,
    health,
    identity,
    internal,
    plan,
    referral,
    service,
    statement,
    trial_work,
)
from events.envelope import Says

MODULES: tuple[ModuleType, ...] = (
    case,
    identity,
    referral,
    plan,
    activity,
    trial_work,
    service,
    statement,
    coaching,
    assessment,
    follow_up,
    health,
    fee,
    consent,
    internal,
)

CATEGORIES: tuple[str, ...] = tuple(m.CATEGORY for m in MODULES if m is not internal)
"""The categories that consent speaks of, in the order people are shown them."""


class UnknownFact(LookupError):
    """A name or version that this installation does not know: a reader stops on it, in plain sight."""


def _facts_of(module: ModuleType) -> list[type[Says]]:
    return [c for c in vars(module).values() if _is_fact(c) and c.__module__ == module.__name__]


def _is_fact(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Says) and not value.__name__.startswith("_")


def _register() -> dict[tuple[str, int], type[Says]]:
    known = {}
    for module in MODULES:
        for fact_class in _facts_of(module):
            fact_class.category = module.CATEGORY
            known[fact_class.__name__, fact_class.version] = fact_class
    return known


KNOWN: dict[tuple[str, int], type[Says]] = _register()
BY_NAME: dict[str, type[Says]] = {name: cls for (name, _), cls in KNOWN.items()}


def class_of(name: str, version: int) -> type[Says]:
    """The class that reads this version (the current one where an upcast leads there)."""
    try:
        return KNOWN[name, version]
    except KeyError:
        called = name if name.isidentifier() else "a fact"  # whatever else was written there is not repeated
        raise UnknownFact(f"{called}.v{version} is not in the catalogue") from None
