"""What every page of the shell shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject

from dinh.kernel.menu import MenuEntry, menu
from dinh.kernel.shell import ShellPart, list_parts, shell_parts


@dataclass(frozen=True)
class MenuItem:
    entry: MenuEntry
    url: str
    count: int
    is_active: bool


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
        return {"menu_items": []}
    return {
        "appointment": appointment,
        "menu_items": SimpleLazyObject(partial(_menu, request.path, appointment)),
        "shell_parts": SimpleLazyObject(partial(_parts, shell_parts, request)),
        "list_parts": SimpleLazyObject(partial(_parts, list_parts, request)),
        "way_back": _way_back(request.path, appointment),
    }


def _menu(path: str, appointment: Any) -> list[MenuItem]:
    visible = [entry for entry in menu if entry.is_visible(appointment)]
    active = _active(path, visible)
    return [_item(entry, active, appointment) for entry in sorted(visible, key=lambda e: e.order)]


def _item(entry: MenuEntry, active: str, appointment: Any) -> MenuItem:
    count = entry.count(appointment) if entry.count else 0
    return MenuItem(entry, reverse(entry.url_name), count, entry.url_name == active)


def _active(path: str, entries: Iterable[MenuEntry]) -> str:
    """The entry whose address is the longest beginning of the page's; home only for itself."""
    found = ""
    longest = 0
    for entry in entries:
        url = reverse(entry.url_name)
        fits = path == url if url == "/" else path.startswith(url)
        if fits and len(url) > longest:
            found, longest = entry.url_name, len(url)
    return found


def _parts(registered: Iterable[ShellPart], request: HttpRequest) -> list[Part]:
    parts = sorted(registered, key=lambda part: part.order)
    return [Part(part.template, part.value(request)) for part in parts]


def _way_back(path: str, appointment: Any) -> WayBack | None:
    """To the entry of the menu that the page lies below; home for a page that lies below none."""
    visible = [entry for entry in menu if entry.is_visible(appointment)]
    active = _active(path, visible)
    home = next((entry for entry in visible if reverse(entry.url_name) == "/"), None)
    above = next((entry for entry in visible if entry.url_name == active), home)
    if above is None or reverse(above.url_name) == path:
        return None
    return WayBack(above.label, reverse(above.url_name))
