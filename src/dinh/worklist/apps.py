from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class WorklistConfig(AppConfig):
    name = "dinh.worklist"
    label = "worklist"

    def ready(self) -> None:
        from dinh.worklist.queries.items import items_visible_to

        menu.register(
            "worklist",
            MenuEntry(
                label=_("My work"),
                url_name="worklist:home",
                icon="list-check",
                order=0,
                section="",
                is_visible=lambda appointment: True,
                count=lambda appointment: items_visible_to(appointment).count(),
            ),
        )
