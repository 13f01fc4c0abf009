from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class SigningConfig(AppConfig):
    name = "dinh.signing"
    label = "signing"

    def ready(self) -> None:
        menu.register(
            "signing.verify",
            MenuEntry(
                label=_("Check signatures"),
                url_name="signing:verify",
                icon="shield-check",
                order=60,
                section="",
                is_visible=lambda appointment: True,
            ),
        )
