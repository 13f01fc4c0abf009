"""The picker of recipients, a part of every page where they are chosen."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.groups import GroupContent, save_group
from dinh.documents.enums import Purpose
from dinh.documents.forms.drafting import OUTSIDE, Row, wanted_of
from dinh.documents.queries.drafting import Group, groups_for, units_matching
from dinh.kernel.errors import DomainError

PICKING: Final = ("add", "remove", "find", "save_group")
"""Buttons of the picker: they send the page's form, which is shown again and does nothing else."""


def is_picking(request: StaffRequest) -> bool:
    return any(name in request.POST for name in PICKING)


def picker(request: StaffRequest, rows: Sequence[Row]) -> dict[str, Any]:
    """What the picker shows: who is chosen, units found by words, and the groups, one just saved among them."""
    words = request.POST.get("words", "")[:80] if "find" in request.POST else ""
    own = request.appointment.unit
    return chosen(request, rows) | {
        "words": words,
        "units": units_matching(words, sender=own) if words.strip() else [],
        "groups": groups_for(own),
    }


def chosen(request: StaffRequest, rows: Sequence[Row]) -> dict[str, Any]:
    """Who is chosen; saves them as a group of the unit, where the page asks for that."""
    shown = {
        "rows": rows,
        "purposes": Purpose.choices,
        "amount": sum(row.amount for row in rows),
        "only_units": "only_units" in request.POST,
    }
    return shown | _saved_as_group(request, rows) if "save_group" in request.POST else shown


def unit_ids_of(rows: Sequence[Row], groups: Sequence[Group]) -> list[int]:
    """The units among the rows, members of groups too."""
    return sorted({each.unit_id for each in wanted_of(rows, groups) if each.unit_id is not None})


def _saved_as_group(request: StaffRequest, rows: Sequence[Row]) -> dict[str, str]:
    name = request.POST.get("group_name", "").replace("\0", "")
    if any(row.to in OUTSIDE for row in rows):
        told = _("A group has units only: take away who is outside the province, and add them to the letter.")
        return {"group_name": name, "group_fault": told}
    unit_ids = unit_ids_of(rows, groups_for(request.appointment.unit))
    content = GroupContent(name=name, unit_ids=unit_ids)
    try:
        group = save_group(content=content, actor=request.appointment, at=timezone.now())
    except DomainError as refusal:
        return {"group_name": name, "group_fault": str(refusal)}
    return {"group_saved": _("Saved as the group “%(name)s” of the unit.") % {"name": group.name}}
