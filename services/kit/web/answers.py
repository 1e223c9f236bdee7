"""The shapes of answers, encoded and described in one place."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from fastapi import FastAPI, Response

REFERENCE = "#/components/schemas/{name}"
SIGN_IN = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Development PERSON`, in development mode. There is no other sign-in yet.",
}


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field. ``field`` is null where it is no field that the service knows."""

    field: str | None
    code: str
    text: str


class Problem(msgspec.Struct, frozen=True):
    """Why it was refused. ``text`` is for people, in their language."""

    code: str
    field: str | None
    text: str
    fields: tuple[FieldError, ...] = ()


class Error(msgspec.Struct, frozen=True):
    error: Problem


class WrittenFact(msgspec.Struct, frozen=True):
    fact_id: str
    name: str
    category: str
    occurred_on: date


class Written(msgspec.Struct, frozen=True):
    """The facts that a command added; none where it had been given before."""

    facts: tuple[WrittenFact, ...]


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


def shown(kind: type, description: str) -> dict[str, Any]:
    """A response for OpenAPI; ``kind`` is one of the types given to ``describe``."""
    schema = {"$ref": REFERENCE.format(name=kind.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def describe(app: FastAPI, kinds: tuple[type, ...]) -> None:
    """Add the shapes of answers, and how to sign in, to the app's OpenAPI document."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        _, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)
        document["components"]["securitySchemes"] = {"development": SIGN_IN}
        return document | {"security": [{"development": []}]}

    app.openapi = openapi  # type: ignore[method-assign]
