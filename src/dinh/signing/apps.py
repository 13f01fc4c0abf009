from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.demo import demo_steps
from dinh.kernel.guide import Guide, guides
from dinh.kernel.menu import MenuEntry, Section, menu


class SigningConfig(AppConfig):
    name = "dinh.signing"
    label = "signing"

    def ready(self) -> None:
        from dinh.signing.operations.demo import issue_demo_certificates
        from dinh.signing.rules import keeps_certificates, sees_custody
        from dinh.storage.api import refers

        demo_steps.register("signing", issue_demo_certificates)
        refers("signing.SigningSession", "source", "prepared", "result")
        refers("signing.PluginErrand", "returned")
        refers("signing.Credential", "appearance")
        refers("signing.PendingProof", "sha256")
        guides.register(
            "signatures",
            Guide(
                title=_("Digital signatures: signing, checking, devices"),
                folder=Path(__file__).with_name("guide"),
                icon="shield-check",
                order=10,
                is_for=lambda appointment: True,
            ),
        )
        menu.register(
            "signing.verify",
            MenuEntry(
                label=_("Check signatures"),
                url_name="signing:verify",
                icon="shield-check",
                order=60,
                section=Section.SIGNATURES,
                is_visible=lambda appointment: True,
            ),
        )
        menu.register(
            "signing.mine",
            MenuEntry(
                label=_("My digital signatures"),
                url_name="signing:mine",
                icon="writing-sign",
                order=61,
                section=Section.SIGNATURES,
                is_visible=lambda appointment: True,
            ),
        )
        menu.register(
            "signing.custody",
            MenuEntry(
                label=_("Seals and devices"),
                url_name="signing:custody",
                icon="rubber-stamp",
                order=63,
                section=Section.SIGNATURES,
                is_visible=sees_custody,
            ),
        )
        menu.register(
            "signing.credentials",
            MenuEntry(
                label=_("Certificates"),
                url_name="signing:credentials",
                icon="certificate",
                order=62,
                section=Section.SIGNATURES,
                is_visible=keeps_certificates,
            ),
        )
