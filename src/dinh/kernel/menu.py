"""The shell's left side: what each module offers to whom, with counts of what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dinh.kernel.registry import Registry


class Section(IntegerChoices):
    """The parts of the menu in their order. Those of the whole house, since modules of different floors share one."""

    HOME = 0, ""
    DOCUMENTS = 1, _("Documents and files")
    SIGNATURES = 2, _("Digital signatures")
    EXCHANGE = 3, _("Data exchange")
    ORGANISATION = 4, _("Organisation")
    HELP = 5, ""


@dataclass(frozen=True)
class MenuEntry:
    """
    One entry of the menu.

    :param url_name: named route without arguments
    :param icon: name in Tabler's icon set, without the prefix
    :param order: smaller stands higher in its section
    :param is_visible: predicate over the current appointment; denies unless it returns True
    :param count: how many things wait for the appointment (shown as a badge), or None
    """

    label: str | Promise
    url_name: str
    icon: str
    order: int
    section: Section
    is_visible: Callable[[Any], bool]
    count: Callable[[Any], int] | None = None

    @property
    def place(self) -> tuple[Section, int]:
        """What the menu is sorted by."""
        return self.section, self.order


menu: Registry[MenuEntry] = Registry("menu")
