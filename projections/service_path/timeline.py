"""What happened, in order, one plain sentence or two a fact."""

from collections.abc import Collection, Iterable, Mapping

from events.envelope import Fact
from projections.service_path.rows import TimelineRow
from projections.service_path.texts import texts


def timeline(
    facts: Iterable[Fact], language: str, names: Mapping[str, str], without_content: Collection[str] = ()
) -> tuple[TimelineRow, ...]:
    """In the order given. Of the categories ``without_content`` it says only that something happened."""
    words = texts(language)
    return tuple(
        TimelineRow(
            event_id=fact.fact_id,
            on=fact.occurred_on,
            organisation=fact.organisation,
            category=fact.category,
            type=fact.name,
            text=words.bare[fact.name] if fact.category in without_content else words.tell(fact.says, names),
        )
        for fact in facts
    )
