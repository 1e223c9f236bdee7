"""What stands before an organisation's app: a limit for what is sent, calm headers, an access log that names no
client, and one plain answer for whatever nobody foresaw."""

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.failures import told_without_values
from services.kit.web.errors import refusal

LARGEST_BODY = 64 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

access = logging.getLogger("palvelupolku.access")
log = logging.getLogger(__name__)


class TooLarge(Exception):
    """More was sent than anybody here needs to send."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = _Answered(send)
        try:
            await self._app(scope, _replaying(await _whole_body(receive), receive), answered)
        except TooLarge:
            await refusal(413, "too_large", _accepted(scope))(scope, receive, answered)
        except Exception as error:
            log.error("%s", told_without_values(error))
            if answered.status is None:
                await refusal(500, "internal_error", _accepted(scope))(scope, receive, answered)
        template = getattr(scope.get("route"), "path", "-")
        access.info("%s %s%s %s", scope["method"], scope.get("root_path", ""), template, answered.status)


class _Answered:
    """Sends the answer with the calm headers, and remembers its status."""

    def __init__(self, send: Send):
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message).update(HEADERS)
        await self._send(message)


async def _whole_body(receive: Receive) -> bytes:
    """Raises ``TooLarge`` as soon as it is, whatever the sender said of its length."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _accepted(scope: Scope) -> str | None:
    return Headers(scope=scope).get("accept-language")
