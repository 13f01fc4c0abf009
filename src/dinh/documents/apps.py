from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        menu.register(
            "documents.outgoing",
            MenuEntry(
                label=_("Outgoing documents"),
                url_name="documents:outgoing_list",
                icon="send",
                order=20,
                section="",
                is_visible=lambda appointment: True,
            ),
        )
