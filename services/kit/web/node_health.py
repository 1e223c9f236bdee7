"""What a process of one organisation tells of itself: alive, ready, and how it stands. Nothing of any client."""

from contextlib import suppress
from datetime import date

import msgspec
from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Response

from events.shared_log import LogUnavailable
from projections.held import TO_HEAR, TO_SEND_AGAIN
from services.kit.node import WEB, Node
from services.kit.store import PUBLISHER
from services.kit.web.answers import as_json

SHOWN = 1000
"""Whatever waits is counted up to this."""


class Standing(msgspec.Struct, frozen=True):
    """How the organisation stands, whichever of its processes is asked.

    ``moved`` grows with whatever is published or read. ``to_publish`` own facts, ``to_read`` records of the shared log (None: it does not answer), ``to_react`` facts heard
    and ``to_send_again`` files wait, each counted up to 1000. ``days_behind``: partitions that the day has not come to.
    """

    moved: int
    to_publish: int
    to_read: int | None
    to_react: int
    to_send_again: int
    days_behind: int
    dead_letters: int
    reactions_refused: int


class Readiness(msgspec.Struct, frozen=True):
    """``ready``: this process can do its part. ``upstreams``: what it needs of others, true where it answers; a web
    process is ready without them, since one's own facts stay readable. ``loops``: why one stands still, or null."""

    ready: bool
    organisation: str
    parts: tuple[str, ...]
    upstreams: dict[str, bool]
    loops: dict[str, str | None]
    standing: Standing | None


def alive(node: Node) -> bool:
    """No loop of this process has died or stands still in a step."""
    return all(loop.alive for loop in node.loops)


def readiness(node: Node) -> Readiness:
    loops, upstreams = {loop.name: loop.failure for loop in node.loops}, node.upstreams.answers()
    standing = None
    if upstreams["store"]:
        with suppress(PersistenceError):
            standing = _standing(node, upstreams["log"])
    goes_on = alive(node) and not any(loops.values())
    ready = standing is not None and goes_on and (WEB in node.parts or all(upstreams.values()))
    return Readiness(ready, node.organisation.id, tuple(sorted(node.parts)), upstreams, loops, standing)


def _standing(node: Node, log_answers: bool) -> Standing:
    organisation = node.organisation
    view, store, today = organisation.projector.view, organisation.store, organisation.today()
    days = view.days_passed()
    return Standing(
        moved=sum(view.positions().values()) + store.position(PUBLISHER),
        to_publish=store.to_publish(SHOWN),
        to_read=_to_read(node) if log_answers else None,
        to_react=len(view.waiting(TO_HEAR, SHOWN)),
        to_send_again=len(view.waiting(TO_SEND_AGAIN, SHOWN)) + len(store.backfill_queue(SHOWN)),
        days_behind=sum(days.get(p, date.min) < today for p in node.log.partitions()),
        dead_letters=view.count_set_aside(SHOWN),
        reactions_refused=len(store.reactions_refused()),
    )


def _to_read(node: Node) -> int | None:
    try:
        return node.log.behind(node.organisation.projector.view.positions())
    except LogUnavailable:
        return None


def add_node_health(app: FastAPI, node: Node) -> None:
    # Needs no thread of those that requests wait in: a process must not be ended because others are away.
    @app.get("/healthz", include_in_schema=False)
    async def is_alive() -> Response:
        return as_json({"alive": alive(node)}, 200 if alive(node) else 503)

    @app.get("/readyz", include_in_schema=False)
    def is_ready() -> Response:
        found = readiness(node)
        return as_json(found, 200 if found.ready else 503)
