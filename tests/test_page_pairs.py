"""All that a page does a program can do, too: each page that takes a POST has its operation of the API."""

from collections.abc import Callable, Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from page_pairs import ACTS, ALONE, PAIRS, READING

from dinh.config.api import api
from dinh.documents.views import draft_desk, incoming_acts, outgoing_acts
from dinh.exchange.views import catalogue, grants, members, systems
from dinh.signing.views import credentials

ACTS_OF_PAGES = {
    "documents/incoming/<int:incoming_id>/<slug:act>/": incoming_acts.ACTS,
    "documents/outgoing/<int:outgoing_id>/<slug:act>/": outgoing_acts.ACTS,
    "documents/outgoing/<int:outgoing_id>/draft/<slug:act>/": draft_desk.ACTS,
    "exchange/grants/<int:grant_id>/<slug:act>/": grants.ACTS,
    "exchange/members/<int:member_id>/act/<slug:act>/": members.ACTS,
    "exchange/systems/<int:system_id>/act/<slug:act>/": systems.ACTS,
    "exchange/versions/<int:version_id>/end/<slug:act>/": catalogue.ENDS,
    "signing/credentials/<int:credential_id>/<slug:act>/": credentials.ACTS,
}


def views(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, Callable[..., object]]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def methods(view: Callable[..., object] | None) -> set[str]:
    """What `require_http_methods` and its like let pass; POST where nothing is required."""
    while view is not None:
        names = view.__code__.co_freevars
        if "request_method_list" in names:
            return set(view.__closure__[names.index("request_method_list")].cell_contents)
        view = getattr(view, "__wrapped__", None)
    return {"POST"}


def acting_pages() -> set[str]:
    pages = [
        (route, view) for route, view in views(get_resolver().url_patterns) if not route.startswith("api/v1/")
    ]
    return {route for route, view in pages if "POST" in methods(view)} - READING


def operations() -> set[str]:
    paths = api.get_openapi_schema()["paths"]
    return {
        f"{method.upper()} {path.removeprefix('/api/v1/')}" for path, item in paths.items() for method in item
    }


def test_each_page_that_acts_has_its_operation_or_a_reason():
    listed = [*PAIRS, *ACTS, *ALONE]

    assert len(listed) == len(set(listed))
    assert acting_pages() == set(listed)


def test_each_act_of_a_page_has_its_operation():
    assert {route: set(acts) for route, acts in ACTS.items()} == {
        route: set(acts) for route, acts in ACTS_OF_PAGES.items()
    }


def test_each_operation_that_is_named_is_there():
    named = {each for pair in PAIRS.values() for each in pair}
    named |= {each for acts in ACTS.values() for each in acts.values()}

    assert named - operations() == set()
    assert all(ALONE.values())
