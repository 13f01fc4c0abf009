from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        for name, label, icon, order in (
            ("incoming", _("Incoming documents"), "inbox", 10),
            ("outgoing", _("Outgoing documents"), "send", 20),
        ):
            entry = MenuEntry(
                label=label,
                url_name=f"documents:{name}_list",
                icon=icon,
                order=order,
                section="",
                is_visible=lambda appointment: True,
            )
            menu.register(f"documents.{name}", entry)
