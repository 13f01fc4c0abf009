"""The gateway's own addresses as an OpenAPI description; those of services are in the registry."""

import json
from typing import Any, Final

_PROBLEM: Final[dict[str, Any]] = {
    "description": "Refused; `instance` names the exchange.",
    "content": {
        "application/problem+json": {
            "schema": {"type": "object", "required": ["type", "title", "status", "instance"]}
        }
    },
}
_TOKEN: Final[dict[str, Any]] = {
    "operationId": "token",
    "summary": "A token for client credentials (RFC 6749, 4.4)",
    "security": [{"key": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {"grant_type": {"type": "string", "enum": ["client_credentials"]}},
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "The token, and how many seconds it is good for",
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["access_token", "token_type", "expires_in"]}
                }
            },
        },
        "default": {
            "description": "An error of RFC 6749, 5.2",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
    },
}


def _read(name: str, summary: str, *, also: str = "") -> dict[str, Any]:
    told = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    more = {also: told} if also else {}
    return {"get": {"operationId": name, "summary": summary, "responses": {"200": told, **more}}}


DOCUMENT: Final = json.dumps(
    {
        "openapi": "3.1.0",
        "info": {"title": "Đình gateway", "version": "1"},
        "paths": {
            "/token": {"post": _TOKEN},
            "/.well-known/jwks.json": _read("keys", "Keys that tokens are signed with (RFC 7517)"),
            "/healthz": _read("health", "Whether calls are served, and by what", also="503"),
            "/openapi.json": _read("description", "This description"),
            "/{service}/{version}/{operation}": {
                "get": {
                    "operationId": "call",
                    "summary": "An operation of a service; its own description is in the registry's catalogue",
                    "security": [{"token": []}],
                    "parameters": [
                        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                        for name in ("service", "version", "operation")
                    ],
                    "responses": {
                        "200": {"description": "As the service's own description says"},
                        "default": _PROBLEM,
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            }
        },
    }
).encode()
