"""Every page of the running house, as its users meet it: accessible, quiet, light, narrow, by keyboard."""

from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from test_routes import ALL

from .pages import NOT_PAGES, PAGES, WITHOUT_SAMPLE
from .samples import make_samples
from .visit import AXE, Watcher, faults_of


class AnyId(dict[str, int]):
    def __missing__(self, key: str) -> int:
        return 1


def test_every_route_is_walked_or_named():
    walked = {resolve(urlsplit(path.format_map(AnyId())).path).route for path in PAGES}
    routes = {route for route in ALL if not route.startswith("api/")}

    assert sorted(routes - walked - NOT_PAGES - WITHOUT_SAMPLE) == []
    assert sorted((NOT_PAGES | WITHOUT_SAMPLE) - routes) == []


@pytest.mark.browser
def test_every_page_is_fit_for_everybody(people):
    if not AXE.exists():
        pytest.skip("axe-core is missing; `make demo` installs the pages' packages")
    samples, watchers = make_samples(people), {}
    faults = {}
    for path, username in PAGES.items():
        watcher = watchers.setdefault(username, None) or Watcher(people(username).page)
        watchers[username] = watcher
        found = faults_of(watcher, people.house.url + path.format(**samples))
        if found:
            faults[path] = found

    assert faults == {}
