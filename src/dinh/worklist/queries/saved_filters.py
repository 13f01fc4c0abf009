from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from dinh.directory.models import Appointment
from dinh.kernel.compiled import CompiledRead
from dinh.worklist.models import SavedFilter

_NOT_KEPT: Final = ("page", "fields")
"""How a list is shown: its page, and whether the form of all its fields stands open."""
_OF_LIST: Final[CompiledRead[SavedFilter]] = CompiledRead(
    lambda appointment, path: saved_filters_for(appointment, path=path), appointment=-1, path="/"
)


@dataclass(frozen=True)
class SavedFilters:
    """
    The saved filters of the list that is shown.

    :param query: of the view that is shown, as it would be saved; empty where nothing narrows the list
    """

    path: str
    query: str
    rows: list[SavedFilter]

    @property
    def is_new(self) -> bool:
        return bool(self.query) and self.query not in {row.query for row in self.rows}


def saved_filters_for(appointment: Appointment | int, *, path: str = "") -> "QuerySet[SavedFilter]":
    """A position's own by name, of all lists or of one."""
    rows = SavedFilter.objects.filter(appointment=appointment).order_by("path", "name")
    return rows.filter(path=path) if path else rows


def saved_filters_of(request: HttpRequest) -> SavedFilters:
    """Those of the caller's position for the page that was asked for; one query."""
    appointment = request.appointment  # type: ignore[attr-defined]
    rows = _OF_LIST.rows(appointment=appointment.pk, path=request.path)
    return SavedFilters(request.path, cleaned(request.META.get("QUERY_STRING", "")), rows)


def cleaned(query: str) -> str:
    """The parameters that narrow or order a list, in one order, so that the same view reads the same."""
    given = QueryDict(query, mutable=True)
    kept = [(name, value) for name, values in given.lists() for value in values if value]
    result = QueryDict(mutable=True)
    for name, value in sorted(kept):
        if name not in _NOT_KEPT:
            result.appendlist(name, value)
    return result.urlencode()
