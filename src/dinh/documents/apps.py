from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        menu.register(
            "documents.incoming",
            MenuEntry(
                label=_("Incoming documents"),
                url_name="documents:incoming_list",
                icon="inbox",
                order=10,
                section="",
                is_visible=lambda appointment: True,
            ),
        )
