"""docs/api.md, made from the descriptions of the API: `python -m scripts.api_docs` writes it.

A test compares it with what this makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asocial.adapters.http.openapi import openapi
from asocial.protocol.asyncapi import CLIENT_FRAMES, SERVER_FRAMES, asyncapi, frame_type

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
TITLES = {"channels": "Channels", "operators": "Operators", "server": "The server"}
Schema = dict[str, Any]

OPENING = """\
# API reference

`python -m scripts.api_docs` makes this page from the types of the server; do not edit it.
A running server has the same as `GET /api/openapi.json` (OpenAPI 3.1) and `GET /api/asyncapi.json` (AsyncAPI 3).
[protocol.md](protocol.md) says what each endpoint and each frame means; W-numbers are its rules.
The body of every answer with a status of 400 or more is `ErrorBody`.
"""


def render() -> str:
    """The whole page."""
    described, frames = openapi(), asyncapi()["components"]["schemas"]
    types = described["components"]["schemas"]
    parts = [OPENING, *_endpoints(described)]
    parts += ["## Types\n", *_types({name: schema for name, schema in types.items() if name not in frames})]
    for title, listed in (("Frames from the client", CLIENT_FRAMES), ("Frames from the server", SERVER_FRAMES)):
        names = {frame.__name__: frame_type(frame) for frame in listed}
        parts += [f"## {title}\n", *_types({name: frames[name] for name in names}, names)]
    all_frames = {frame.__name__ for frame in (*CLIENT_FRAMES, *SERVER_FRAMES)}
    parts += ["## Types in frames\n", *_types({name: frames[name] for name in frames if name not in all_frames})]
    return "\n".join(parts)


def _endpoints(described: Schema) -> list[str]:
    found: dict[str, list[str]] = {tag: [] for tag in TITLES}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_endpoint(method, path, operation))
    return [part for tag, title in TITLES.items() for part in (f"## {title}\n", *found[tag])]


def _endpoint(method: str, path: str, operation: Schema) -> str:
    lines = [f"### `{method.upper()} {path}`", "", f"{operation['summary']}.", ""]
    if "requestBody" in operation:
        body = operation["requestBody"]
        lines += [f"Body{'' if body['required'] else ' (optional)'}: {_content(body)}.", ""]
    needed = [name for needs in operation["security"] for name in needs]
    if needed:
        optional = " (optional)" if {} in operation["security"] else ""
        lines += [f"Authorization: `Bearer`, {' or '.join(f'`{name}`' for name in needed)}{optional}.", ""]
    if operation["parameters"]:
        lines += ["| parameter | in | meaning |", "|---|---|---|"]
        lines += [f"| `{one['name']}` | {one['in']} | {one['description']} |" for one in operation["parameters"]]
        lines.append("")
    lines += ["| status | body |", "|---|---|"]
    lines += [f"| {status} | {_content(answer)} |" for status, answer in operation["responses"].items()]
    return "\n".join([*lines, ""])


def _content(described: Schema) -> str:
    [(kind, media)] = described.get("content", {"": {}}).items()
    if not kind:
        return "none"
    text = _type_of(media["schema"]) if kind == "application/json" else f"`{kind}`"
    return f"{text}: {described['description']}" if text.startswith("[ErrorBody]") else text


def _types(schemas: dict[str, Schema], frames: dict[str, str] | None = None) -> list[str]:
    """A section for each type. `frames`: the types are frames, with these values of `type`."""
    found = []
    for name, schema in schemas.items():
        lines = [f"### {name}", ""]
        if frames:
            lines += [f"Type `{frames[name]}`.", ""]
        if schema.get("description"):
            lines += [schema["description"].replace("\n", " "), ""]
        fields = {field: of for field, of in schema["properties"].items() if field != "type" or not frames}
        if fields:
            lines += ["| field | type | rule |", "|---|---|---|"]
            lines += [_field(field, of, field in schema["required"]) for field, of in fields.items()]
        else:
            lines.append("No fields.")
        found.append("\n".join([*lines, ""]))
    return found


def _field(name: str, schema: Schema, required: bool) -> str:
    notes = [] if required else ["optional"]
    if "default" in schema and schema["default"] not in ("", None, [], False, 0):
        notes.append(f"default `{_value(schema['default'])}`")
    for key, text in (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most")):
        if key in schema:
            notes.append(f"{text} {schema[key]:,}" if isinstance(schema[key], int) else f"{text} {schema[key]:g}")
    if "pattern" in schema:
        notes.append(f"`{schema['pattern']}`")
    if "description" in schema:
        notes.append(schema["description"])
    return f"| `{name}` | {_type_of(schema)} | {', '.join(notes)} |"


def _type_of(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{_value(value)}`" for value in schema["enum"])
    if "type" not in schema and "anyOf" in schema:
        return " or ".join(_type_of(one) for one in schema["anyOf"])
    match schema.get("type"):
        case "array" if isinstance(schema["items"], list):
            return f"[{', '.join(_type_of(one) for one in schema['items'])}]"
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(_type_of(one) for one in schema['prefixItems'])}]"
        case "array":
            return f"list of {_type_of(schema['items'])}"
        case "object":
            return "object"
        case str(kind):
            return kind
    return "any"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(one)}" for name, one in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
