"""A client of X-Road's message protocol for REST."""

import uuid

import httpx

CLIENT = "VN/GOV/H03.MOTCUA/MOTCUA"
SERVICE = "VN/GOV/H03.DMDC/DMDC/kho"


def ask(gateway, path, method="GET", *, client=CLIENT, **more):
    headers = ({"X-Road-Client": client} if client else {}) | more.pop("headers", {})
    return httpx.request(method, f"{gateway.url}{path}", headers=headers, trust_env=False, timeout=15, **more)


def error_of(answer):
    body = answer.json()
    assert answer.headers["x-road-error"] == body["type"]
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert uuid.UUID(body["detail"])
    return answer.status_code, body["type"]
