from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class DirectoryConfig(AppConfig):
    name = "dinh.directory"
    label = "directory"

    def ready(self) -> None:
        menu.register(
            "directory",
            MenuEntry(
                label=_("Units and people"),
                url_name="directory:units",
                icon="building-community",
                order=80,
                section="",
                is_visible=lambda appointment: True,
            ),
        )
