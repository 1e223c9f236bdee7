"""The address at which organisations ask the authority from their own processes."""

import logging
from asyncio import timeout

from eventsourcing.persistence import OperationalError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent.keys import AuthorityUnavailable
from events.shared_log import LogUnavailable
from services.client.authority.answering import Answering
from services.client.authority.questions import ADDRESS, CONTENT_TYPE, encode
from services.kit.credentials import Credentials
from services.kit.errors import NotSignedIn
from services.kit.failures import told_without_values
from services.kit.telemetry.traces import HEADER as TRACEPARENT
from services.kit.telemetry.traces import going_on

LARGEST_QUESTION = 4 * 1024 * 1024
"""Some times what a batch of the projector or publisher asks."""

SENDING_SECONDS = 20.0
"""A question is there after this long, or nobody waits for it any more: as long as whoever asks waits for an answer."""

log = logging.getLogger(__name__)


class TooLarge(Exception):
    """No question is so large."""


def authority_app(answering: Answering, credentials: Credentials) -> Starlette:
    """One address, POST only, to be mounted at ``questions.ADDRESS``. Answers 401 to whoever is not an organisation of
    the installation, before it reads what they ask, and 503 where it cannot answer now; refusals are answers (200)."""

    async def asked(request: Request) -> Response:
        headers = request.headers
        try:
            signed = credentials.signed(headers.get("authorization"), ADDRESS)
            async with timeout(SENDING_SECONDS):
                body = await _read(request)
            organisation = signed.asking(body)
        except NotSignedIn:
            return Response(status_code=401)
        except TooLarge:
            return Response(status_code=413)
        except TimeoutError:
            return Response(status_code=408)
        status, content = await run_in_threadpool(answer, organisation, headers.get(TRACEPARENT), body)
        return Response(content, status, media_type=CONTENT_TYPE)

    def answer(organisation: str, trace: str | None, body: bytes) -> tuple[int, bytes]:
        try:
            with going_on(trace):
                return 200, encode(answering.answer(organisation, body))
        except (AuthorityUnavailable, LogUnavailable, OperationalError) as away:
            log.warning("a question waits: %s", type(away).__name__)
            return 503, b""
        except Exception as error:
            log.error("a question of %s was not answered: %s", organisation, told_without_values(error))
            return 500, b""

    return Starlette(routes=[Route("/", asked, methods=["POST"])])


async def _read(request: Request) -> bytes:
    """Raises ``TooLarge`` as soon as it is."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > LARGEST_QUESTION:
            raise TooLarge
    return b"".join(parts)
