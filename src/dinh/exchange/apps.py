from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.demo import demo_steps
from dinh.kernel.guide import add_guide
from dinh.kernel.law import lawbooks
from dinh.kernel.menu import MenuEntry, Section, menu

if TYPE_CHECKING:
    from dinh.directory.models import Appointment


class ExchangeConfig(AppConfig):
    name = "dinh.exchange"
    label = "exchange"

    def ready(self) -> None:
        from dinh.exchange.operations.demo import make_demo_exchange
        from dinh.exchange.operations.grants import WORK_KIND
        from dinh.exchange.outside import OUTSIDE_SERVICES
        from dinh.exchange.renewal_rules import GATEWAY_RENEWAL
        from dinh.exchange.retention import LOG_RETENTION
        from dinh.exchange.rules import SPEAKERS, looks_after_systems
        from dinh.storage.api import refers
        from dinh.worklist.api import WorkKind, kinds

        refers("exchange.Archive", "content")
        refers("exchange.MonthlyReport", "paper", "sheet")
        demo_steps.register("exchange", make_demo_exchange)
        lawbooks.register("outside_services", OUTSIDE_SERVICES)
        lawbooks.register("log_retention", LOG_RETENTION)
        lawbooks.register("gateway_renewal", GATEWAY_RENEWAL)
        kinds.register(WORK_KIND, WorkKind(_("Decide on access to a service"), roles=SPEAKERS))
        _register_menu()
        add_guide(
            "developer", _("Developers: data exchange"),
            of=__file__, icon="api", order=30, is_for=looks_after_systems,
        )  # fmt: skip


def _register_menu() -> None:
    from dinh.exchange.operations.grants import WORK_KIND
    from dinh.exchange.rules import keeps_exchange, looks_after_systems
    from dinh.worklist.api import amount_waiting

    def grants_to_decide(appointment: "Appointment") -> int:
        return amount_waiting(appointment, WORK_KIND)

    def everybody(_appointment: "Appointment") -> bool:
        return True

    for order, (name, label, icon, is_visible) in enumerate(
        (
            ("catalogue", _("Catalogue of services"), "api", everybody),
            ("dictionaries", _("Shared catalogues"), "book", everybody),
            ("systems", _("Systems"), "server", looks_after_systems),
            ("grants", _("Access to services"), "key", looks_after_systems),
            ("dashboard", _("Exchange at a glance"), "arrows-horizontal", looks_after_systems),
            ("log", _("Exchange log"), "arrows-exchange", looks_after_systems),
            ("reports", _("Reports of the exchange"), "file-spreadsheet", looks_after_systems),
            ("outside", _("Outside services"), "building-community", keeps_exchange),
            ("accesses", _("Look-ups of people"), "search", keeps_exchange),
        ),
        start=70,
    ):
        menu.register(
            f"exchange.{name}",
            MenuEntry(
                label=label,
                url_name=f"exchange:{name}",
                icon=icon,
                order=order,
                section=Section.EXCHANGE,
                is_visible=is_visible,
                count=grants_to_decide if name == "grants" else None,
            ),
        )
