"""The search box of every page: over everything that the modules offer to be found."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment
from dinh.kernel.menu import menu
from dinh.kernel.shell import Hit, SearchSource, search_sources
from dinh.kernel.text import fold

LONGEST: Final = 200
_IN_PANEL, _ON_PAGE = 5, 20


@dataclass(frozen=True)
class FoundPart:
    """What one source found; `more_url` where there may be more than is shown."""

    label: str | Promise
    hits: list[Hit]
    more_url: str


@require_GET
@signed_in
def search(request: StaffRequest) -> HttpResponse:
    """All that is found for the words, by source; with HTMX the panel below the search box."""
    is_panel = bool(request.headers.get("HX-Request"))
    words = request.GET.get("q", "").strip()[:LONGEST]
    limit = _IN_PANEL if is_panel else _ON_PAGE
    parts = everything_found(request.appointment, words, limit=limit)
    name = "panel" if is_panel else "page"
    return render(request, f"directory/search/{name}.html", {"parts": parts, "searched_words": words})


def everything_found(appointment: Appointment, words: str, *, limit: int) -> list[FoundPart]:
    """What each source finds for the words, at most so many each; nothing without words."""
    if not words:
        return []
    sources = sorted(search_sources, key=lambda source: source.order)
    parts = [_pages(appointment, words), *(_part(each, appointment, words, limit) for each in sources)]
    return [part for part in parts if part.hits]


def _part(source: SearchSource, appointment: Appointment, words: str, limit: int) -> FoundPart:
    hits = list(source.find(appointment, words, limit + 1))
    more = reverse(source.url_name, query={"q": words}) if len(hits) > limit else ""
    return FoundPart(source.label, hits[:limit], more)


def _pages(appointment: Appointment, words: str) -> FoundPart:
    """Entries of the menu whose name begins a word with what was typed: the quick way to a page."""
    wanted = fold(words)
    entries = sorted((each for each in menu if each.is_visible(appointment)), key=attrgetter("place"))
    hits = [
        Hit(str(each.label), reverse(each.url_name))
        for each in entries
        if f" {wanted}" in f" {fold(str(each.label))}"
    ]
    return FoundPart("", hits, "")
