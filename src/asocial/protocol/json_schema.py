"""JSON Schemas of types, for the descriptions of the API: OpenAPI and AsyncAPI. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"


def components(
    types: Iterable[Any], raw_fields: Mapping[tuple[Any, str], Any]
) -> tuple[list[Schema], dict[str, Schema]]:
    """The schema of each type, and the schemas that those refer to, by name.

    `raw_fields`: (type, field) -> the type of what the field holds as JSON that is encoded already.
    """
    wanted = list(types)
    schemas, named = msgspec.json.schema_components([*wanted, *raw_fields.values()], ref_template=REFERENCE)
    for (owner, field), schema in zip(raw_fields, list(schemas)[len(wanted) :], strict=True):
        named[owner.__name__]["properties"][field] = schema
    return list(schemas)[: len(wanted)], dict(sorted(named.items()))


def as_draft_7(schema: Any) -> Any:
    """The same schema without what draft 7 of JSON Schema does not have: `prefixItems`."""
    if isinstance(schema, list):
        return [as_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: as_draft_7(value) for name, value in schema.items()}
    if "prefixItems" in found:
        found["items"] = found.pop("prefixItems")
    return found
