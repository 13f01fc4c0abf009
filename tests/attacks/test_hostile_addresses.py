"""Whatever stands in an address, a form or a body: no route breaks."""

import json
import re
from functools import partialmethod
from urllib.parse import quote, quote_from_bytes, unquote

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart
from django.urls import Resolver404, resolve
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
OF_FORM = f'multipart/form-data; boundary="{BOUNDARY}"'
"""Of a form that is written once for all addresses."""
BIG = "9223372036854775808"
NOT_ALLOWED = 405
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


class WatchedQuery(QueryDict):
    """The query of a request, which notes the request as soon as somebody reads it."""

    def noted(self, name, *given, **options):
        self.on_read()
        return getattr(super(), name)(*given, **options)

    def on_read(self):
        """Nothing while the query is built; set for each request afterwards."""


for _name in ("__getitem__", "__contains__", "__len__", "getlist", "items", "lists", "keys", "values", "copy", "dict",
              "urlencode"):  # fmt: skip
    setattr(WatchedQuery, _name, partialmethod(WatchedQuery.noted, _name))


def watched_query(found):
    """`WSGIRequest.GET` that adds the paths of the requests whose query is read."""

    def read(request):
        query = WatchedQuery(request.META["QUERY_STRING"], encoding=request.encoding)
        query.on_read = lambda: found.add(request.path)
        return query

    return property(read)


@pytest.fixture(scope="module")
def reading(client, world):
    """The addresses whose answers depend on their query at all; the others are asked once."""
    found = set()
    paths = [addresses(route, world.ids)[0] for route in READ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequest, "GET", watched_query(found))
        broken_paths = [path for path in paths if client.get(path + asked("")).status_code >= 500]
    assert broken_paths == []
    return [path for path in paths if path in found]


@pytest.fixture(scope="module")
def taking(client, world):
    """The routes that take a POST, however they answer an empty one."""
    return [route for route in WRITTEN if post(client, addresses(route, world.ids)[0], {}) != NOT_ALLOWED]


def asked(value):
    return "?" + "&".join(f"{each}={value}" for each in PARAMETERS)


def test_queries_are_read_where_they_are_expected(reading):
    assert {"/documents/search/", "/documents/incoming/", "/api/v1/incoming", "/"} <= set(reading)
    assert "/documents/incoming/list.pdf" in reading


@pytest.mark.parametrize("name", HOSTILE)
def test_no_query_breaks_a_page(client, reading, name):
    assert [path for path in reading if client.get(path + asked(HOSTILE[name])).status_code >= 500] == []


@pytest.mark.parametrize("value", ["-1", BIG, "9" * 40, "%00", "%ff", "..%2f..%2fetc%2fpasswd", "1'"])
def test_no_id_breaks_a_page(client, world, value):
    paths = ["/" + re.sub(r"<(?:\w+:)?\w+>", value, route) for route in ALL if "<" in route]
    known = [path for path in paths if leads_somewhere(path)]
    # All that leads nowhere is answered by one page.
    paths = known + [path for path in paths if path not in known][:3]

    assert [path for path in paths if client.get(path).status_code >= 500] == []
    assert [path for path in paths if client.post(path).status_code >= 500] == []


@pytest.mark.parametrize("value", ["a\0b", BIG, "²", "x" * 5000])
def test_no_form_breaks_a_page(client, world, taking, value):
    form = encode_multipart(BOUNDARY, {name: [value, value] for name in FIELDS})

    assert broken(client, taking, world.ids, form, content_type=OF_FORM) == []


@pytest.mark.parametrize("value", ["a\0b", int(BIG), -1, [int(BIG)]])
def test_no_body_breaks_the_api(client, world, taking, value):
    routes = [route for route in taking if route.startswith("api/v1/")]
    body = json.dumps(dict.fromkeys((*FIELDS, "certificate", "last_day", "target_type", "target_id"), value))

    assert broken(client, routes, world.ids, body, content_type="application/json") == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 10000])
def test_no_broken_json_breaks_the_api(client, world, taking, body):
    routes = [route for route in taking if route.startswith("api/v1/")]

    assert broken(client, routes, world.ids, body, content_type="application/json") == []


def leads_somewhere(path):
    try:
        resolve(unquote(path))
    except Resolver404:
        return False
    return True


def broken(client, routes, ids, body, **more):
    """Addresses that answered a POST by breaking."""
    answers = {path: post(client, path, body, **more) for route in routes for path in addresses(route, ids)}
    return [(path, status) for path, status in answers.items() if status >= 500]


def post(client, path, body, **more):
    """The status of the answer; the world stays as it was."""
    with transaction.atomic():
        status = client.post(path, body, **more).status_code
        transaction.set_rollback(True)
    return status
