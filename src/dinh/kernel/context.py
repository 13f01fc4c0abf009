"""What every page of the shell shows."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from dinh.kernel.menu import MenuEntry, menu


@dataclass(frozen=True)
class MenuItem:
    entry: MenuEntry
    url: str
    count: int
    is_active: bool


def shell(request: HttpRequest) -> dict[str, Any]:
    """The menu of the appointment that the user acts in now."""
    appointment = getattr(request, "appointment", None)
    if appointment is None:
        return {"menu_items": []}
    visible = [entry for entry in menu if entry.is_visible(appointment)]
    items = [_item(entry, request.path, appointment) for entry in sorted(visible, key=lambda e: e.order)]
    return {"menu_items": items, "appointment": appointment}


def _item(entry: MenuEntry, path: str, appointment: Any) -> MenuItem:
    url = reverse(entry.url_name)
    active = path == url if url == "/" else path.startswith(url)
    return MenuItem(entry, url, entry.count(appointment) if entry.count else 0, active)
