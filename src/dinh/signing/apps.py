from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.demo import demo_steps
from dinh.kernel.menu import MenuEntry, menu


class SigningConfig(AppConfig):
    name = "dinh.signing"
    label = "signing"

    def ready(self) -> None:
        from dinh.signing.operations.demo import issue_demo_certificates

        demo_steps.register("signing", issue_demo_certificates)
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
