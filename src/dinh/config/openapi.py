"""What the OpenAPI document says of every endpoint alike."""

from typing import Any

from dinh.kernel.idempotency import WRITES
from dinh.kernel.rest import PROBLEM_TYPE

_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. `type` is stable, `title` in the caller's language; `errors` name fields at fault.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:dinh:problem:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "record": {"type": "string", "description": "What was acted on, where the answer was lost"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1 to 200 characters. The same request again with the same key is answered, not done again. "
    "Sessions of the pages may leave it out.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_REFUSAL = {
    "description": "Refused: a problem document",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_JSON = {"application/json": {"schema": {"type": "object"}}}


def describe(schema: dict[str, Any]) -> None:
    """Add the problem documents to each operation, the key to each write, and that answers without form are files."""
    schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operation["responses"].setdefault("default", _REFUSAL)
            if method.upper() in WRITES:
                operation.setdefault("parameters", []).append(_KEY)
            done = operation["responses"].get(200, {})
            if done and "content" not in done:
                done["content"] = _JSON if path.endswith("/signing/verify") else _FILE
