from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, Section, menu


class KernelConfig(AppConfig):
    name = "dinh.kernel"
    label = "kernel"

    def ready(self) -> None:
        from dinh.kernel.calendar import WORKING_TIME
        from dinh.kernel.law import lawbooks
        from dinh.kernel.metrics import register_gauges
        from dinh.kernel.moments import install_moments

        lawbooks.register("working_time", WORKING_TIME)
        menu.register(
            "guides",
            MenuEntry(
                label=_("User guide"),
                url_name="guides",
                icon="help",
                order=90,
                section=Section.HELP,
                is_visible=lambda appointment: True,
            ),
        )
        register_gauges()
        install_moments()
        # An event finds its receivers in whichever process publishes it.
        autodiscover_modules("receivers")
