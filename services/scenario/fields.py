"""The fields of a command in words, read from its schema, so that the reference tells what is really taken."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

FACT_ID = "^[0-9a-f]{32}$"


class FieldWords(NamedTuple):
    """One field. ``default`` is None where the field must be given."""

    name: str
    takes: str
    default: str | None
    meaning: str


class Part(NamedTuple):
    """A group of fields that some field of a command takes."""

    name: str
    doc: str
    fields: tuple[FieldWords, ...]


def fields_of(model: type[BaseModel]) -> tuple[FieldWords, ...]:
    """In the order in which the command has them; ``on``, which all have, last."""
    schema = model.model_json_schema(by_alias=True)
    names = sorted(schema["properties"], key=lambda n: n == "on")
    return tuple(_field(n, schema["properties"][n], n in schema.get("required", ())) for n in names)


def parts_of(model: type[BaseModel]) -> tuple[Part, ...]:
    """What its fields take that has fields itself."""
    defs: Mapping[str, Any] = model.model_json_schema(by_alias=True).get("$defs", {})
    return tuple(
        Part(name, part.get("description", ""), tuple(
            _field(n, f, n in part.get("required", ())) for n, f in part["properties"].items()
        ))
        for name, part in defs.items()
    )  # fmt: skip


def _field(name: str, schema: Mapping[str, Any], required: bool) -> FieldWords:
    default = None if required else _value(schema.get("default"))
    return FieldWords(name, _takes(schema), default, schema.get("description", ""))


def _value(default: Any) -> str:
    if default is None:
        return "–"
    return str(default).lower() if isinstance(default, bool) else str(default).replace("[]", "none").replace("{}", "none")


def _takes(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_takes(s) for s in schema["anyOf"] if s.get("type") != "null"))
    if "$ref" in schema:
        return f"a {schema['$ref'].rsplit('/', 1)[-1]}"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of: {_takes(schema['items'])}" if schema.get("items") else "list"
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return "`true` or `false`"
        case "object":
            return "mapping"
        case _:
            return _text(schema)


def _number(schema: Mapping[str, Any]) -> str:
    what = "whole number" if schema["type"] == "integer" else "number"
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    return " ".join([what, *(f"{word} {schema[key]:g}" for key, word in bounds.items() if key in schema)])


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date":
        return "date"
    if schema.get("pattern") == FACT_ID:
        return "fact (`$name`)"
    limit = schema.get("maxLength")
    return f"text, at most {limit} characters" if limit else "text"
