from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.demo import demo_steps
from dinh.kernel.guide import add_guide
from dinh.kernel.menu import MenuEntry, Section, menu

if TYPE_CHECKING:
    from dinh.directory.models import Appointment


class SigningConfig(AppConfig):
    name = "dinh.signing"
    label = "signing"

    def ready(self) -> None:
        from dinh.signing.operations.demo import issue_demo_certificates
        from dinh.storage.api import refers

        demo_steps.register("signing", issue_demo_certificates)
        refers("signing.SigningSession", "source", "prepared", "result")
        refers("signing.PluginErrand", "returned")
        refers("signing.Credential", "appearance")
        refers("signing.PendingProof", "sha256")
        add_guide(
            "signatures", _("Digital signatures: signing, checking, devices"),
            of=__file__, icon="shield-check", order=10, is_for=lambda appointment: True,
        )  # fmt: skip
        _register_menu()


def _register_menu() -> None:
    from dinh.signing.rules import keeps_certificates, sees_custody

    def everybody(_appointment: "Appointment") -> bool:
        return True

    for order, (name, label, icon, is_visible) in enumerate(
        (
            ("verify", _("Check signatures"), "shield-check", everybody),
            ("mine", _("My digital signatures"), "writing-sign", everybody),
            ("credentials", _("Certificates"), "certificate", keeps_certificates),
            ("custody", _("Seals and devices"), "rubber-stamp", sees_custody),
        ),
        start=60,
    ):
        entry = MenuEntry(label, f"signing:{name}", icon, order, Section.SIGNATURES, is_visible)
        menu.register(f"signing.{name}", entry)
