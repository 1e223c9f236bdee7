"""Facts gathered by the entry that they are about: its beginning, where visible, and what was said of it after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from events.envelope import Fact, Says


@dataclass
class Entry:
    ref: str
    organisation: str
    began: Fact | None = None
    after: list[Fact] = field(default_factory=list)

    def latest(self, *types: type[Says]) -> Fact | None:
        """The last of what was said after, among these types."""
        return next((f for f in reversed(self.after) if isinstance(f.says, types)), None)

    def said(self, name: str) -> Any:
        """A field of the beginning; None where that is not visible."""
        return None if self.began is None else getattr(self.began.says, name)


def entries(facts: Iterable[Fact], begins: type[Says], after: Mapping[type[Says], str]) -> list[Entry]:
    """Entries of each organisation by itself. ``after`` gives the field by which a later fact names its entry."""
    found: dict[tuple[str, str], Entry] = {}
    for fact in facts:
        kind = type(fact.says)
        if kind is begins:
            found.setdefault((fact.organisation, fact.ref), Entry(fact.ref, fact.organisation)).began = fact
        elif kind in after:
            ref = getattr(fact.says, after[kind])
            found.setdefault((fact.organisation, ref), Entry(ref, fact.organisation)).after.append(fact)
    return list(found.values())
