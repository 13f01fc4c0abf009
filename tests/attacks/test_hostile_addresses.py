"""Whatever stands in an address, a form or a body: no route breaks."""

import json
import re
from urllib.parse import quote, quote_from_bytes

import pytest
from django.db import transaction
from django.test import Client
from test_routes import ALL
from world import addresses, build_world

pytestmark = pytest.mark.usefixtures("own_changes")

PARAMETERS = (
    "q", "page", "sort", "tab", "state", "since", "until", "year", "unit", "words", "name", "sender", "urgency",
    "purpose", "verdict", "date_from", "date_to", "type_code", "direction", "closed", "reply_to", "unread",
    "group", "kind", "level", "bloc", "on", "as_of", "date", "next", "person", "role", "branch", "limit",
)  # fmt: skip
HOSTILE = {
    "nothing": "",
    "NUL": quote("a\0b"),
    "no UTF-8": quote_from_bytes(b"\xff\xfe\xc3("),
    "a lone surrogate": quote_from_bytes(b"\xed\xa0\x80"),
    "a negative number": "-1",
    "a huge number": "9" * 40,
    "a number of 5,000 digits": "9" * 5000,
    "Arabic digits": quote("٣"),
    "superscript": quote("²"),
    "a quote": quote("'\"; DROP TABLE x; --%"),
    "words of a query": quote("((| & ! :* <->"),
    "a line break": quote("a\r\nSet-Cookie: x=y"),
    "a far day": "9999-12-31",
    "no day": "2026-02-31",
}
FIELDS = (
    *PARAMETERS, "letters", "chosen", "case_file", "part", "to", "lead", "supports", "informed", "due", "reason",
    "text", "result", "units", "request_key", "ids", "dated", "leader", "initials", "subject", "to_name",
    "to_address", "attachment", "at.x", "at.y", "last_number", "opening_number", "code", "title", "roles",
    "opened_date", "retention_years", "holder", "provider", "start_date", "end_date", "full_name", "username",
    "password", "position", "valid_from", "passed_instruction", "absence", "delegate", "comment", "language",
)  # fmt: skip
BIG = "9223372036854775808"
READ = [route for route in ALL if route not in ("healthz", "metrics")]
WRITTEN = [route for route in READ if not route.startswith(("directory/sign-", "signing/mine/trial/"))]
"""Not those whose durable transactions a test cannot take back."""


@pytest.fixture(scope="module")
def world(module_database):
    return build_world()


@pytest.fixture(scope="module")
def client(world):
    """The unit's clerk, whose browser is answered with 500 instead of an exception."""
    client = Client(raise_request_exception=False)
    client.force_login(world.accounts["clerk"])
    return client


@pytest.mark.parametrize("name", HOSTILE)
def test_no_query_breaks_a_page(client, world, name):
    query = "?" + "&".join(f"{each}={HOSTILE[name]}" for each in PARAMETERS)
    paths = [addresses(route, world.ids)[0] for route in READ]

    assert [path for path in paths if client.get(path + query).status_code >= 500] == []


@pytest.mark.parametrize("value", ["-1", BIG, "9" * 40, "%00", "%ff", "..%2f..%2fetc%2fpasswd", "1'"])
def test_no_id_breaks_a_page(client, world, value):
    paths = ["/" + re.sub(r"<(?:\w+:)?\w+>", value, route) for route in ALL if "<" in route]

    assert [path for path in paths if client.get(path).status_code >= 500] == []
    assert [path for path in paths if client.post(path).status_code >= 500] == []


@pytest.mark.parametrize("value", ["a\0b", BIG, "²", "x" * 5000])
def test_no_form_breaks_a_page(client, world, value):
    form = {name: [value, value] for name in FIELDS}

    assert broken(client, WRITTEN, world.ids, form) == []


@pytest.mark.parametrize("value", ["a\0b", int(BIG), -1, [int(BIG)]])
def test_no_body_breaks_the_api(client, world, value):
    routes = [route for route in ALL if route.startswith("api/v1/")]
    body = json.dumps(dict.fromkeys((*FIELDS, "certificate", "last_day", "target_type", "target_id"), value))

    assert broken(client, routes, world.ids, body, content_type="application/json") == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 10000])
def test_no_broken_json_breaks_the_api(client, world, body):
    routes = [route for route in ALL if route.startswith("api/v1/")]

    assert broken(client, routes, world.ids, body, content_type="application/json") == []


def broken(client, routes, ids, body, **more):
    """Addresses that answered a POST by breaking; each in a world as it was."""
    found = []
    for path in [path for route in routes for path in addresses(route, ids)]:
        with transaction.atomic():
            status = client.post(path, body, **more).status_code
            transaction.set_rollback(True)
        if status >= 500:
            found.append((path, status))
    return found
