from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import ShellPart, list_parts


class WorklistConfig(AppConfig):
    name = "dinh.worklist"
    label = "worklist"

    def ready(self) -> None:
        from dinh.worklist.queries.items import amounts_waiting
        from dinh.worklist.queries.saved_filters import saved_filters_of

        list_parts.register("worklist", ShellPart("worklist/saved_filters.html", 10, saved_filters_of))
        menu.register(
            "worklist",
            MenuEntry(
                label=_("My work"),
                url_name="worklist:home",
                icon="list-check",
                order=0,
                section=Section.HOME,
                is_visible=lambda appointment: True,
                count=lambda appointment: sum(amounts_waiting(appointment).values()),
            ),
        )
