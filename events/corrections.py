"""Nothing is edited: a correcting fact stands in the place of the one it names, an annulling one removes it."""

from collections.abc import Iterable

from events.envelope import Fact


def effective(facts: Iterable[Fact]) -> list[Fact]:
    """The facts as corrected: of each entry the latest word, without entries taken back, in fold order.

    Only an organisation's own later fact corrects its entry.
    """
    latest: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = (fact.organisation, fact.ref)
        known = latest.get(key)
        if known is None or known.source_seq < fact.source_seq:
            latest[key] = fact
    return sorted((f for f in latest.values() if not f.annuls), key=lambda f: f.order)
