from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.kernel.menu import MenuEntry, menu


class RecordsConfig(AppConfig):
    name = "dinh.records"
    label = "records"

    def ready(self) -> None:
        from dinh.worklist.api import WorkKind, kinds

        entry = MenuEntry(
            label=_("Case files"),
            url_name="records:case_file_list",
            icon="files",
            order=35,
            section="",
            is_visible=lambda appointment: True,
        )
        menu.register("records.case_files", entry)
        kinds.register("records.hand_over", WorkKind(_("Hand a case file over")))
