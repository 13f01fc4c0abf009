"""The shell's left side: what each module offers to whom, with counts of what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from dinh.kernel.registry import Registry


@dataclass(frozen=True)
class MenuEntry:
    """
    One entry of the menu.

    :param url_name: named route without arguments
    :param icon: name in Tabler's icon set, without the prefix
    :param order: smaller stands higher
    :param is_visible: predicate over the current appointment; denies unless it returns True
    :param count: how many things wait for the appointment (shown as a badge), or None
    """

    label: str | Promise
    url_name: str
    icon: str
    order: int
    section: str | Promise
    is_visible: Callable[[Any], bool]
    count: Callable[[Any], int] | None = None


menu: Registry[MenuEntry] = Registry("menu")
