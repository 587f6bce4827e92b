"""The AsyncAPI document: it is valid, and has every frame (W151)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator

from asocial.protocol.asyncapi import CLIENT_FRAMES, SERVER_FRAMES, asyncapi, frame_type
from asocial.protocol.json_schema import as_draft_7
from asocial.protocol.schema import CLIENT_FRAME_TYPES

# The schemas of AsyncAPI itself, Apache-2.0: a development dependency of web/, as no package on PyPI holds them.
SPECIFICATION = Path(__file__).parents[3] / "web/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def specification() -> Any:
    return Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))


def test_w151_the_document_is_valid(specification: Any) -> None:
    assert [f"{error.instance_path}: {error.message}" for error in specification.iter_errors(asyncapi())] == []


def test_w151_an_invalid_document_is_noticed(specification: Any) -> None:
    document = asyncapi()
    document["operations"]["sendServerFrame"]["action"] = "shout"
    assert not specification.is_valid(document)


def test_w151_every_reference_leads_somewhere() -> None:
    document = asyncapi()

    def check(value: object) -> None:
        if isinstance(value, list):
            for item in value:
                check(item)
        elif isinstance(value, dict):
            if "$ref" in value:
                found: Any = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for item in value.values():
                check(item)

    check(document)


def test_w151_every_frame_is_described() -> None:
    assert {frame_type(frame) for frame in CLIENT_FRAMES} == set(CLIENT_FRAME_TYPES)
    messages = asyncapi()["components"]["messages"]
    assert set(messages) == {frame.__name__ for frame in (*CLIENT_FRAMES, *SERVER_FRAMES)}
    assert messages["Notice"]["name"] == "notice"


def test_a_tuple_is_written_as_draft_7_writes_it() -> None:
    schema = {"prefixItems": [{"type": "string"}], "items": False, "minItems": 1, "maxItems": 1}
    assert as_draft_7({"anyOf": [schema]}) == {"anyOf": [{"items": [{"type": "string"}], "minItems": 1, "maxItems": 1}]}
