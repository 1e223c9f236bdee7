"""A span and a time for each request, by its route's template: what is in an address or a question stays out.

Each request begins a trace of its own: whoever sends a ``traceparent`` from outside could tie others' acts together.
FastAPI's own telemetry is off (``NONE_OF_ITS_OWN``): it would tell whole addresses, and what somebody
sent wrongly.
"""

import time

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.telemetry.figures import REQUEST
from services.kit.telemetry.traces import span

NONE_OF_ITS_OWN: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Another is whatever somebody sent."""


class Traced:
    """ASGI middleware, outside everything else of an organisation's app."""

    def __init__(self, app: ASGIApp, organisation: str):
        self._app, self._organisation = app, organisation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, start = 0, time.perf_counter()
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        attributes = {"organisation": self._organisation, "http.request.method": method}

        async def answered(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        with span(method, attributes, SpanKind.SERVER) as opened:
            try:
                await self._app(scope, receive, answered)
            finally:
                route = getattr(scope.get("route"), "path", "-")
                opened.update_name(f"{method} {route}")
                opened.set_attributes({"http.route": route, "http.response.status_code": status})
                labels = {"organisation": self._organisation, "method": method, "route": route, "status": str(status)}
                REQUEST.record(time.perf_counter() - start, labels)
