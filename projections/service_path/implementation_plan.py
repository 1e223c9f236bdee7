"""The implementation plan (toteuttamissuunnitelma): its latest content."""

from collections.abc import Sequence

from events.envelope import Fact
from events.plan import ImplementationPlanMade, ImplementationPlanUpdated
from projections.service_path.rows import ImplementationPlanRow


def implementation_plan(facts: Sequence[Fact]) -> ImplementationPlanRow | None:
    """An update holds everything, so it stands without the plan that it updates. Facts in fold order in."""
    for fact in reversed(facts):
        says = fact.says
        if isinstance(says, (ImplementationPlanMade, ImplementationPlanUpdated)):
            return ImplementationPlanRow(
                measures=says.measures,
                follow_up=says.follow_up,
                review_on=says.review_on,
                coaching_included=says.coaching_included,
                on=fact.occurred_on,
            )
    return None
