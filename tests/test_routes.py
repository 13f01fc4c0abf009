import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from route_matrix import OPEN, OPEN_FORMS, REFUSALS

SAMPLES = {"int": "1", "str": "x", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000001", "path": "x"}


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def address(route: str) -> str:
    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route).replace("^", "").replace("$", "").replace("\\Z", "")
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "str", "1"), plain)


ALL = sorted(set(routes(get_resolver().url_patterns)))


def test_table_names_only_routes_that_exist():
    assert [route for route in OPEN if route not in ALL] == []


@pytest.mark.django_db
@pytest.mark.parametrize("route", ALL)
def test_stranger_gets_only_what_is_open(client, route):
    status = client.get(address(route)).status_code

    if route in OPEN:
        assert status == OPEN[route]
    elif route not in OPEN_FORMS:
        assert status in REFUSALS
