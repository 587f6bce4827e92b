"""The OpenAPI document: it is valid, and has what the types and the table of refusals have (W151)."""

from __future__ import annotations

from openapi_spec_validator import OpenAPIV31SpecValidator

from asocial.adapters.http.openapi import OPERATIONS, openapi
from asocial.adapters.http.refusals import ANSWERS


def test_w151_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(openapi()).iter_errors()) == []


def test_w151_an_invalid_document_is_noticed() -> None:
    document = openapi()
    document["paths"]["/health"]["get"]["responses"] = {"200": {}}
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) != []


def test_w151_every_error_has_its_status_and_code() -> None:
    paths = openapi()["paths"]
    for operation in OPERATIONS:
        responses = paths[operation.path][operation.method]["responses"]
        for error in operation.errors:
            answer = ANSWERS[error]
            assert f"`{answer.code or error}`" in responses[str(answer.status)]["description"]


def test_w151_what_is_encoded_already_has_the_type_of_its_content() -> None:
    schemas = openapi()["components"]["schemas"]
    assert schemas["MessagesBody"]["properties"]["messages"]["items"] == {"$ref": "#/components/schemas/Chat"}
