"""What every page of the shell shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject

from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import ShellPart, list_parts, shell_parts


@dataclass(frozen=True)
class MenuItem:
    entry: MenuEntry
    url: str
    count: int
    is_active: bool


@dataclass(frozen=True)
class MenuPart:
    """One section of the menu; open if it is used daily, has the present page, or something waits in it."""

    section: Section
    items: Sequence[MenuItem]

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
        return {"menu_parts": []}
    visible = cache(partial(_visible, appointment))
    return {
        "appointment": appointment,
        "menu_parts": SimpleLazyObject(lambda: _menu(request.path, visible(), appointment)),
        "shell_parts": SimpleLazyObject(partial(_parts, shell_parts, request)),
        "list_parts": SimpleLazyObject(partial(_parts, list_parts, request)),
        "way_back": SimpleLazyObject(lambda: _way_back(request.path, visible())),
    }


def _visible(appointment: Any) -> dict[str, MenuEntry]:
    """The entries that the appointment may use, by their addresses."""
    entries = sorted(menu, key=attrgetter("place"))
    return {reverse(entry.url_name): entry for entry in entries if entry.is_visible(appointment)}


def _menu(path: str, visible: Mapping[str, MenuEntry], appointment: Any) -> list[MenuPart]:
    active = _active(path, visible)
    items = [
        MenuItem(entry, url, entry.count(appointment) if entry.count else 0, url == active)
        for url, entry in visible.items()
    ]
    return [
        MenuPart(section, list(found)) for section, found in groupby(items, lambda item: item.entry.section)
    ]


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
