"""What every page of the shell shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import ShellPart, list_parts, shell_parts


@dataclass(frozen=True)
class MenuItem:
    """An entry as one page shows it; which entry it is, its address tells."""

    entry: MenuEntry = field(compare=False)
    url: str
    count: int
    is_active: bool


@dataclass(frozen=True)
class MenuPart:
    """One section of the menu; open if it is used daily, has the present page, or something waits in it."""

    section: Section
    items: tuple[MenuItem, ...]

    @property
    def is_open(self) -> bool:
        return self.section in _ALWAYS_OPEN or any(item.is_active or item.count for item in self.items)


_ALWAYS_OPEN = (Section.HOME, Section.DOCUMENTS, Section.HELP)


@dataclass(frozen=True)
class Part:
    template: str
    value: object


@dataclass(frozen=True)
class WayBack:
    label: str | Promise
    url: str


def shell(request: HttpRequest) -> dict[str, Any]:
    """The menu, the head's parts and the way back; read when shown, so fragments cost nothing."""
    appointment = getattr(request, "appointment", None)
    if appointment is None:
        return {"menu": ""}
    visible = cache(partial(_visible, appointment))
    return {
        "appointment": appointment,
        "menu": lambda: _menu(request.path, visible(), appointment),
        "shell_parts": SimpleLazyObject(partial(_parts, shell_parts, request)),
        "list_parts": SimpleLazyObject(partial(_parts, list_parts, request)),
        "way_back": SimpleLazyObject(lambda: _way_back(request.path, visible())),
    }


def _visible(appointment: Any) -> dict[str, MenuEntry]:
    """The entries that the appointment may use, by their addresses."""
    entries = sorted(menu, key=attrgetter("place"))
    return {_address(entry.url_name): entry for entry in entries if entry.is_visible(appointment)}


@cache
def _address(url_name: str) -> str:
    return reverse(url_name)


def _menu(path: str, visible: Mapping[str, MenuEntry], appointment: Any) -> SafeString:
    active = _active(path, visible)
    items = [
        MenuItem(entry, url, entry.count(appointment) if entry.count else 0, url == active)
        for url, entry in visible.items()
    ]
    parts = groupby(items, lambda item: item.entry.section)
    return written_menu(tuple(MenuPart(section, tuple(found)) for section, found in parts), get_language())


@lru_cache(maxsize=256)
def written_menu(parts: tuple[MenuPart, ...], language: str | None) -> SafeString:
    """Pages that show the same menu share its text: writing it took a quarter of a short page's time."""
    with override(language):
        return render_to_string("kernel/menu.html", {"parts": parts})


def _active(path: str, urls: Iterable[str]) -> str:
    """The address that is the longest beginning of the page's; home only for itself; empty if none is."""
    fitting = [url for url in urls if (path == url if url == "/" else path.startswith(url))]
    return max(fitting, key=len, default="")


def _parts(registered: Iterable[ShellPart], request: HttpRequest) -> list[Part]:
    parts = sorted(registered, key=lambda part: part.order)
    return [Part(part.template, part.value(request)) for part in parts]


def _way_back(path: str, visible: Mapping[str, MenuEntry]) -> WayBack | None:
    """To the entry of the menu that the page lies below; home for a page that lies below none."""
    above = _active(path, visible) or "/"
    if above == path or above not in visible:
        return None
    return WayBack(visible[above].label, above)
