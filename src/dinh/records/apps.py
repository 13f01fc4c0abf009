from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import SearchSource, search_sources


class RecordsConfig(AppConfig):
    name = "dinh.records"
    label = "records"

    def ready(self) -> None:
        from dinh.records.queries.found import case_files_found
        from dinh.worklist.api import WorkKind, kinds

        source = SearchSource(_("Case files"), "records:case_file_list", 20, case_files_found)
        search_sources.register("records", source)
        entry = MenuEntry(
            label=_("Case files"),
            url_name="records:case_file_list",
            icon="folder",
            order=35,
            section=Section.DOCUMENTS,
            is_visible=lambda appointment: True,
        )
        menu.register("records.case_files", entry)
        kinds.register("records.hand_over", WorkKind(_("Hand a case file over"), roles=(Role.CLERK,)))
