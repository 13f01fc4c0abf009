from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.kernel.guide import add_guide
from dinh.kernel.menu import MenuEntry, Section, menu
from dinh.kernel.shell import SearchSource, ShellPart, search_sources, shell_parts


class DirectoryConfig(AppConfig):
    name = "dinh.directory"
    label = "directory"

    def ready(self) -> None:
        from dinh.directory.queries.appointments import positions_of
        from dinh.directory.queries.found import people_found, units_found
        from dinh.directory.rules import administers_anything

        shell_parts.register("directory", ShellPart("directory/shell_position.html", 90, positions_of))
        search_sources.register(
            "directory.units", SearchSource(_("Units"), "directory:units", 80, units_found)
        )
        search_sources.register(
            "directory.people", SearchSource(_("People"), "directory:people", 85, people_found)
        )
        checks.register(roles_are_known)
        add_guide(
            "administrator", _("Administrators: agencies, people, accounts"),
            of=__file__, icon="building-community", order=20, is_for=administers_anything,
        )  # fmt: skip
        menu.register(
            "directory",
            MenuEntry(
                label=_("Units and people"),
                url_name="directory:units",
                icon="building-community",
                order=80,
                section=Section.ORGANISATION,
                is_visible=lambda appointment: True,
            ),
        )


def roles_are_known(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A misspelt role would leave its holders without the second factor that the operator wanted."""
    unknown = sorted(set(settings.TOTP_ROLES) - set(Role.values))
    if not unknown:
        return []
    message = f"DINH_TOTP_ROLES names unknown roles: {', '.join(unknown)}."
    hint = f"Choose from {', '.join(Role.values)}."
    return [checks.Error(message, hint=hint, id="directory.E001")]
