"""The API as its own document describes it: whatever fits the document, no operation breaks (schemathesis)."""

import json
import re
from functools import cache
from urllib.parse import urlencode

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from world import build_world

from dinh.config.api import api

EXAMPLES = 4
pytestmark = pytest.mark.usefixtures("own_changes")


def labels():
    """Of the operations, as their document names them; it is not written for that: 2 s in each process of a run."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            where = re.sub(r"{\w+:", "{", f"/api/v1{path}")
            yield from (f"{method} {where}" for each in view.operations for method in each.methods)


@cache
def document():
    return json.loads(json.dumps(api.get_openapi_schema(), default=str))


@cache
def described():
    """The document as schemathesis reads it, and its operations by their labels."""
    schema = schemathesis.openapi.from_dict(document())
    return schema, {each.ok().label: each.ok() for each in schema.get_all_operations()}


@pytest.fixture(scope="module")
def world(module_database):
    return build_world()


@pytest.fixture(scope="module")
def client(world):
    """The unit's clerk, whose program is answered with 500 instead of an exception."""
    client = Client(raise_request_exception=False)
    client.force_login(world.accounts["clerk"])
    return client


def test_document_is_valid_and_names_every_refusal():
    schema, tried = described()

    schema.validate()
    operations = [each for path in document()["paths"].values() for each in path.values()]
    assert sorted(labels()) == sorted(tried)
    assert len(tried) == len(operations)
    assert [each["operationId"] for each in operations if "default" not in each["responses"]] == []
    assert len({each["operationId"] for each in operations}) == len(operations)


@pytest.mark.parametrize("label", list(labels()))
def test_operation_takes_or_refuses_whatever_fits_its_description(client, label):
    _schema, operations = described()
    operation = operations[label]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case):
        with transaction.atomic():
            answer = send(client, case)
            transaction.set_rollback(True)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    check()


def send(client, case):
    path = case.formatted_path + ("?" + urlencode(case.query, doseq=True) if case.query else "")
    headers = {name: value for name, value in (case.headers or {}).items() if value.isascii()}
    body, kind = (b"", "application/json") if not case.media_type else (case.body, case.media_type)
    if kind == "application/json":
        body = body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
        return client.generic(case.method, path, body, kind, headers=headers)
    return client.generic(case.method, path, b"", kind, headers=headers)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/me", 405), ("PATCH", "/api/v1/outgoing/1", 405),
    ("GET", "/api/v1/outgoing/-1", 404),
])  # fmt: skip
def test_what_is_no_endpoint_is_refused_by_a_problem_document(client, method, path, status):
    answer = client.generic(method, path)

    if status == 405:
        assert answer["Allow"] == "GET"
        assert answer.json()["type"] == "urn:dinh:problem:method-not-allowed"
        assert answer.json()["title"] == "Địa chỉ này không nhận phương thức yêu cầu này."
    assert (answer.status_code, answer["Content-Type"], answer.json()["status"]) == (
        status, "application/problem+json", status,
    )  # fmt: skip
