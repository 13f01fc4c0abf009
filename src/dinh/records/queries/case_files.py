"""Case files as far as somebody may see them, and what lies in them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.kernel.folding import folded
from dinh.kernel.text import fold
from dinh.records.models import CaseFile, Filing
from dinh.records.registry import FiledRecord, fileables
from dinh.records.rules import oversees_files


class CaseFileNotFound(NotFound):
    pass


@dataclass(frozen=True, kw_only=True)
class FiledItem:
    """A line of a case file; `record` is None where the reader may not see it."""

    filing: Filing
    kind: str
    record: FiledRecord | None


def case_files_visible_to(appointment: Appointment) -> QuerySet[CaseFile]:
    """All of the unit's for clerks, head and deputies; the own division's for its head; else one's own."""
    of_unit = CaseFile.objects.filter(unit_id=appointment.unit_id).select_related(
        "responsible__person", "unit__parent"
    )
    if oversees_files(appointment):
        return of_unit
    seen = Q(responsible=appointment)
    if appointment.has_role(Role.DIVISION_HEAD) and appointment.division_id is not None:
        seen |= Q(responsible__division_id=appointment.division_id)
    return of_unit.filter(seen)


def case_files_to_fill(appointment: Appointment) -> QuerySet[CaseFile]:
    """Open case files that the appointment may put records into."""
    open_ = case_files_visible_to(appointment).filter(closed_date=None)
    return open_ if appointment.has_role(Role.CLERK) else open_.filter(responsible=appointment)


def matching(files: QuerySet[CaseFile], words: str) -> QuerySet[CaseFile]:
    """Those whose code or title has each of the words, with or without diacritics."""
    files = files.alias(code_key=folded("code"), title_key=folded("title"))
    for word in fold(words).split():
        files = files.filter(Q(code_key__contains=word) | Q(title_key__contains=word))
    return files


def with_amounts(files: QuerySet[CaseFile]) -> QuerySet[CaseFile]:
    """Each with `amount`, how many records lie in it."""
    return files.annotate(amount=Count("filings")).order_by("-year", "code", "pk")


def get_case_file(case_file_id: int, appointment: Appointment) -> CaseFile:
    """:raises CaseFileNotFound: missing or not visible"""
    found = case_files_visible_to(appointment).filter(pk=case_file_id).first()
    if found is None:
        raise CaseFileNotFound(_("There is no such case file. Go back to the list."))
    return found


def described(filings: Iterable[Filing], appointment: Appointment) -> list[FiledItem]:
    """The lines in their order; one look-up for each kind of record."""
    filings = list(filings)
    ids: dict[str, list[int]] = defaultdict(list)
    for filing in filings:
        ids[filing.target_type].append(filing.target_id)
    known = {
        kind: fileable.describe(ids[kind], appointment) for kind, fileable in fileables.items() if kind in ids
    }
    return [_item(filing, known.get(filing.target_type, {}).get(filing.target_id)) for filing in filings]


def _item(filing: Filing, record: FiledRecord | None) -> FiledItem:
    fileable = fileables.get(filing.target_type)
    return FiledItem(filing=filing, kind=str(fileable.label) if fileable else "", record=record)
