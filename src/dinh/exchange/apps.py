from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.demo import demo_steps
from dinh.kernel.law import lawbooks
from dinh.kernel.menu import MenuEntry, menu

if TYPE_CHECKING:
    from dinh.directory.models import Appointment


class ExchangeConfig(AppConfig):
    name = "dinh.exchange"
    label = "exchange"

    def ready(self) -> None:
        from dinh.exchange.operations.demo import make_demo_exchange
        from dinh.exchange.operations.grants import WORK_KIND
        from dinh.exchange.outside import OUTSIDE_SERVICES
        from dinh.exchange.retention import LOG_RETENTION
        from dinh.storage.api import refers
        from dinh.worklist.api import WorkKind, kinds

        refers("exchange.Archive", "content")
        refers("exchange.MonthlyReport", "paper", "sheet")
        demo_steps.register("exchange", make_demo_exchange)
        lawbooks.register("outside_services", OUTSIDE_SERVICES)
        lawbooks.register("log_retention", LOG_RETENTION)
        kinds.register(WORK_KIND, WorkKind(_("Decide on access to a service")))
        _register_menu()


def _register_menu() -> None:
    from dinh.exchange.operations.grants import WORK_KIND
    from dinh.exchange.rules import keeps_exchange, looks_after_systems
    from dinh.worklist.api import amount_waiting

    def grants_to_decide(appointment: "Appointment") -> int:
        return amount_waiting(appointment, WORK_KIND)

    section = _("Data exchange")
    menu.register(
        "exchange.catalogue",
        MenuEntry(
            label=_("Catalogue of services"),
            url_name="exchange:catalogue",
            icon="api",
            order=70,
            section=section,
            is_visible=lambda appointment: True,
        ),
    )
    menu.register(
        "exchange.dictionaries",
        MenuEntry(
            label=_("Shared catalogues"),
            url_name="exchange:dictionaries",
            icon="book",
            order=71,
            section=section,
            is_visible=lambda appointment: True,
        ),
    )
    for order, name, label, icon in (
        (72, "systems", _("Systems"), "server"),
        (73, "grants", _("Access to services"), "key"),
        (74, "dashboard", _("Exchange at a glance"), "arrows-horizontal"),
        (75, "log", _("Log of exchanges"), "arrows-exchange"),
        (78, "reports", _("Reports of the exchange"), "file-spreadsheet"),
    ):
        menu.register(
            f"exchange.{name}",
            MenuEntry(
                label=label,
                url_name=f"exchange:{name}",
                icon=icon,
                order=order,
                section=section,
                is_visible=looks_after_systems,
                count=grants_to_decide if name == "grants" else None,
            ),
        )
    menu.register(
        "exchange.accesses",
        MenuEntry(
            label=_("Look-ups of people"),
            url_name="exchange:accesses",
            icon="search",
            order=77,
            section=section,
            is_visible=keeps_exchange,
        ),
    )
    menu.register(
        "exchange.outside",
        MenuEntry(
            label=_("Outside services"),
            url_name="exchange:outside",
            icon="building-community",
            order=76,
            section=section,
            is_visible=keeps_exchange,
        ),
    )
