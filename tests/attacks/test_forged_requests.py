"""Requests that another site sends in a signed-in person's name, and what pages allow to run."""

import pytest
from django.test import Client
from test_routes import ALL
from world import addresses, build_world

pytestmark = pytest.mark.django_db
OUTSIDE = ("healthz", "metrics", "api/v1/", "api/v1/openapi.json")
BY_SECRET = "signing/plugin/upload/<str:secret>/"
"""What the signing program posts to: its one-time secret stands for the token, and no session counts there."""
FORGED = {"HTTP_ORIGIN": "https://evil.example", "HTTP_SEC_FETCH_SITE": "cross-site"}


@pytest.fixture
def world():
    return build_world()


def test_no_write_is_taken_without_the_csrf_token(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.accounts["clerk"])
    routes = [route for route in ALL if route not in (*OUTSIDE, BY_SECRET)]
    paths = [path for route in routes for path in addresses(route, world.ids)]

    answers = {path: client.post(path, **FORGED).status_code for path in paths}

    assert {path: status for path, status in answers.items() if status not in (403, 405)} == {}


def test_no_answer_lets_foreign_or_inline_scripts_run(world):
    client = Client()
    client.force_login(world.accounts["clerk"])
    paths = [addresses(route, world.ids)[0] for route in ALL if route not in OUTSIDE]

    answers = {path: client.get(path) for path in paths}

    policies = {path: answer.get("Content-Security-Policy", "") for path, answer in answers.items()}
    assert [path for path, policy in policies.items() if "default-src 'none'" not in policy] == []
    assert [path for path, policy in policies.items() if "unsafe" in policy or "*" in policy] == []
    assert [path for path, a in answers.items() if a.get("X-Content-Type-Options") != "nosniff"] == []
