"""The one place that turns a refusal into an answer: a status, a code, the field and plain words. Never a value."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from eventsourcing.persistence import OperationalError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from consent.keys import AuthorityUnavailable
from events.shared_log import LogUnavailable
from services.kit.errors import Refused
from services.kit.web.answers import Error, FieldError, Problem, as_json
from services.kit.words import language_of, words

AWAY: dict[type[Exception], str] = {
    AuthorityUnavailable: "authority_unavailable",
    LogUnavailable: "log_unavailable",
    OperationalError: "store_unavailable",
}
"""What may be away for a while, and the word for it."""

_CODES = {400: "invalid_input", 404: "no_such_address", 405: "no_such_method"}
_HEADERS = {401: {"WWW-Authenticate": "Development"}}


def refusal(
    status: int, code: str, accepted: str | None, field: str | None = None, fields: Sequence[FieldError] = ()
) -> Response:
    """The answer that refuses; ``accepted`` is the ``Accept-Language`` header."""
    problem = Problem(code=code, field=field, text=words(code, language_of(accepted)), fields=tuple(fields))
    return as_json(Error(error=problem), status, _HEADERS.get(status))


def put_in_plain_words(app: FastAPI) -> None:
    """Give the app this module's answers for whatever refuses or fails inside it."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in AWAY:
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(HTTPException, _http)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(error.status, error.code, _accepted(request), error.field)


def _unavailable(request: Request, error: Exception) -> Response:
    code = next(code for kind, code in AWAY.items() if isinstance(error, kind))
    return refusal(503, code, _accepted(request))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, _CODES.get(error.status_code, "refused"), _accepted(request))


def _invalid(request: Request, error: Exception) -> Response:
    """Names the fields, never what was in them. Whoever is not signed in learns not even that."""
    assert isinstance(error, RequestValidationError)
    check_signed_in = getattr(request.app.state, "check_signed_in", None)
    if check_signed_in is not None:
        try:
            check_signed_in(request)
        except Refused as refused:
            return _refused(request, refused)
    known, language = _names_in(_body_of(request)), language_of(_accepted(request))
    found = [_field_error(e, known, language) for e in error.errors()]
    return refusal(422, found[0].code, _accepted(request), found[0].field, found)


def _field_error(error: Mapping[str, Any], known: frozenset[str], language: str) -> FieldError:
    (where, *place), kind = error["loc"], error["type"]
    code = {"missing": "missing_input", "extra_forbidden": "unknown_input"}.get(kind, "invalid_input")
    # The key of a mapping or of what does not belong here is itself something that somebody sent.
    field = ".".join(p for p in place if isinstance(p, str) and (p in known or where != "body"))
    return FieldError(field=field or None, code=code, text=words(code, language))


def _body_of(request: Request) -> type[BaseModel] | None:
    body = getattr(request.scope.get("route"), "body_field", None)
    return body.field_info.annotation if body is not None else None


@cache
def _names_in(body: type[BaseModel] | None) -> frozenset[str]:
    """The names of all fields of the body, at whatever depth."""
    if body is None:
        return frozenset()
    schema = body.model_json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return frozenset(name for part in parts for name in part.get("properties", ()))


def _accepted(request: Request) -> str | None:
    return request.headers.get("accept-language")
