"""Whoever belongs to another unit gets nothing of a unit's objects: 404, and not a word of them."""

import pytest
from django.db import transaction
from django.test import Client
from test_routes import ALL
from world import SECRET, UNIT_ROLES, addresses, build_world

pytestmark = pytest.mark.usefixtures("own_changes")

OWNED = ("<incoming_id>", "<outgoing_id>", "<book_id>", "<import_id>", "<case_file_id>", "<part_id>",
         "<document_id>", "<credential_id>", "<notification_id>", "<absence_id>", "<system_id>", "<service_id>",
         "<version_id>", "<grant_id>", "<uuid:exchange_id>")  # fmt: skip
"""Routes of one object that belongs to a unit or to a person of it."""
BELONGING = [route for route in ALL if any(name in route.replace("<int:", "<") for name in OWNED)]


def body_of(response):
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content + repr(sorted(response.headers.items())).encode()


def signed_in(world, role):
    client = Client()
    client.force_login(world.accounts[role])
    return client


def shown(client, method, path):
    """Status and whether a word of the secret texts is in body or headers; what a call changes is taken back."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = getattr(client, method)(path)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response.status_code, SECRET.encode() in body_of(response)


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_nothing_of_another_unit_is_shown_by_its_id(world, role):
    paths = [path for route in BELONGING for path in addresses(route, world.ids)]
    client = signed_in(world, f"other_{role}")

    answers = {path: shown(client, "get", path) for path in paths}

    assert {path: found for path, found in answers.items() if found[0] not in (404, 405) or found[1]} == {}


@pytest.mark.parametrize("role", ["clerk", "unit_head", "administrator"])
def test_nothing_of_another_unit_is_changed_by_its_id(world, role):
    paths = [path for route in BELONGING for path in addresses(route, world.ids)]
    client = signed_in(world, f"other_{role}")

    answers = {path: shown(client, "post", path) for path in paths}

    assert {path: found for path, found in answers.items() if found[0] < 300 or found[1]} == {}


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_no_list_names_what_belongs_to_another_unit(world, role):
    lists = ["/" + route for route in ALL if "<" not in route and route not in ("healthz", "metrics")]
    client = signed_in(world, f"other_{role}")

    leaking = [path for path in lists if shown(client, "get", path)[1]]

    assert leaking == []


def test_the_own_clerk_is_shown_them(world):
    """Otherwise the tests above would hold of an empty house."""
    ids = world.ids
    paths = (
        f"/documents/incoming/{ids['incoming_id']}/",
        f"/documents/outgoing/{ids['outgoing_id']}/",
        f"/documents/books/{ids['book_id']}/",
        f"/records/case-files/{ids['case_file_id']}/",
        f"/api/v1/incoming/{ids['incoming_id']}/content",
        "/notifications/",
    )
    client = signed_in(world, "clerk")

    assert [shown(client, "get", path) for path in paths] == [(200, True)] * len(paths)


@pytest.fixture(scope="module")
def world(module_database):
    return build_world()
