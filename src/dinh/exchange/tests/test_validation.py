"""Requests against the description of their version."""

import pytest

from dinh.exchange.gateway.validation import BadDescription, Description, Fault
from dinh.exchange.models import Exchange
from dinh.exchange.tests.running import eventually, problem

PERSON = {
    "type": "object", "required": ["hoTen"], "additionalProperties": False,
    "properties": {
        "hoTen": {"type": "string", "minLength": 1},
        "tuoi": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "cha": {"$ref": "#/components/schemas/Person"}, "ghiChu": {"type": "string", "nullable": True},
    },
}  # fmt: skip
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Kho", "version": "1"},
    "components": {
        "schemas": {"Person": PERSON},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}},
    },
    "paths": {
        "/items/{code}": {
            "parameters": [
                {"name": "code", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Z]+$"}}
            ],
            "get": {"parameters": [
                {"$ref": "#/components/parameters/Page"},
                {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
                {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
            ]},
        },
        "/echo": {"post": {"requestBody": {"required": True, "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Person"}}, "text/plain": {},
        }}}},
        "/small": {"get": {}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("/items/AB", "q=1&page=2&ids=1&ids=2", []),
        ("/items/AB", "q=x&khac=1", []),
        ("/items/ab", "q=1", ["path/code"]),
        ("/items/AB", "", ["query/q"]),
        ("/items/AB", "q=1&page=0", ["query/page"]),
        ("/items/AB", "q=1&page=hai&ids=1&ids=x", ["query/page", "query/ids"]),
        ("/items/AB", "q=1&page=0&page=2", ["query/page"]),
        ("/items/AB", "q=1&page=2&page=2", ["query/page"]),
        ("/items/AB", "q=1&khac=1&khac=2", []),
        ("/items/AB", "q=1&Page=0&pAge=0", ["query/page", "query/page"]),
        ("/items/AB", "&".join(f"a{number}=1" for number in range(600)), ["query"]),
    ],
)
def test_parameters_are_judged_by_their_schemas(path, query, fields):
    rules = Description(DOCUMENT).rules("GET", "/items/{code}")

    assert [fault.field for fault in rules.check_head(path.encode(), query.encode())] == fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('{"hoTen": "A", "tuoi": 1, "ghiChu": null, "cha": {"hoTen": "B"}}', []),
        ("", ["body"]),
        ("{", ["body"]),
        ("[" * 100_000, ["body"]),
        ("{}", ["body"]),
        ('{"hoTen": "A", "tuoi": 0, "cha": {"hoTen": ""}}', ["body/cha/hoTen", "body/tuoi"]),
        ('{"hoTen": "A", "x": 1}', ["body"]),
        ('{"hoTen": "A", "tuoi": 0, "tuoi": 1}', ["body"]),
        ('{"hoTen": "A", "cha": {"hoTen": "", "hoTen": "B"}}', ["body"]),
        ('{"hoTen": "A", "tuoi": NaN}', ["body"]),
        ('{"hoTen": "A", "tuoi": Infinity}', ["body"]),
    ],
)
def test_bodies_are_judged_and_their_values_are_not_repeated(body, fields):
    rules = Description(DOCUMENT).rules("POST", "/echo")

    found = rules.check_body(b"application/json; charset=utf-8", body.encode())

    assert sorted(fault.field for fault in found) == fields
    secret = rules.check_body(b"application/json", b'{"hoTen": 123456789}')
    assert secret == [Fault("body/hoTen", 'it is not of type "string"')]


def with_schema(schema):
    body = {"content": {"application/json": {"schema": schema}}}
    return {"openapi": "3.1.0", "paths": {"/a": {"post": {"requestBody": body}}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"}, {"$ref": "file:///etc/passwd"}, {"$ref": "#/nowhere"},
        {"type": "nonsense"}, {"pattern": "(("}, {"pattern": "(?=a)b"},
    ],
    ids=str,
)  # fmt: skip
def test_description_that_cannot_be_judged_by_is_refused(schema):
    with pytest.raises(BadDescription):
        Description(with_schema(schema)).check()


def test_references_of_parameters_may_not_go_in_circles_or_out():
    for target in ("#/paths/~1a/get/parameters/0", "http://x.test/p"):
        document = {"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"$ref": target}]}}}}
        with pytest.raises(BadDescription):
            Description(document).check()


def test_slow_patterns_are_not_slow():
    rules = Description(with_schema({"type": "string", "pattern": "^(a+)+$"})).rules("POST", "/a")

    (fault,) = rules.check_body(b"application/json", b'"' + b"a" * 50_000 + b'!"')

    assert fault.field == "body"


def test_gateway_refuses_what_the_description_does_not_fit(gateway, world, token, upstream):
    world.version.document, world.version.validates = DOCUMENT, True
    world.version.save()
    gateway.take_up()

    def post(body, kind="application/json"):
        return gateway.call("/kho/1.0/echo", token, "POST", content=body, headers={"Content-Type": kind})

    refused = post('{"hoTen": 1}')
    assert problem(refused) == (400, "invalid-request")
    assert refused.json()["errors"] == [{"field": "body/hoTen", "message": 'it is not of type "string"'}]
    assert problem(gateway.call("/kho/1.0/items/ab?q=1", token))[1] == "invalid-request"
    assert problem(post("{}", "application/xml")) == (415, "media-type")
    assert problem(post('{"hoTen": "' + "a" * 1024 * 1024 + '"}')) == (413, "body-too-large")
    assert upstream.seen == []
    taken = [
        post('{"hoTen": "A"}'),
        post(iter([b'{"hoTen":', b' "B"}'])),
        post("gì cũng được".encode(), "text/plain"),
    ]
    assert [answer.json()["body"] for answer in taken[:2]] == ['{"hoTen": "A"}', '{"hoTen": "B"}']
    assert gateway.call("/kho/1.0/small", token).status_code == 200
    assert len(upstream.seen) == 4
    assert eventually(Exchange.objects.filter(reason="invalid-request", status=400).count, 2) == 2
