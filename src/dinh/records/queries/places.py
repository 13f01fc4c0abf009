"""Where records of higher floors lie."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet

from dinh.directory.enums import IdentifierForm
from dinh.directory.models import Appointment, UnitIdentifier
from dinh.records.api import FilePlace, WantedPlace
from dinh.records.models import Filing
from dinh.records.queries.case_files import case_files_visible_to, matching

_SUREST: Final = {IdentifierForm.NEW: 0, IdentifierForm.OLD: 1}


def places(target_type: str, ids: Sequence[int], *, reader: Appointment) -> dict[int, list[FilePlace]]:
    """By record, in the order of their case files."""
    seen = case_files_visible_to(reader).values("pk")
    filings = Filing.objects.filter(target_type=target_type, target_id__in=ids, case_file__in=seen)
    rows = list(filings.select_related("case_file").order_by("case_file_id"))
    code = organ_id_of(reader.unit_id) if rows else ""
    found: dict[int, list[FilePlace]] = defaultdict(list)
    for row in rows:
        place = FilePlace(
            organ_id=code, year=row.case_file.year, notation=row.case_file.code, ordinal=row.ordinal
        )
        found[row.target_id].append(place)
    return found


def filed_in(target_type: str, wanted: WantedPlace, *, reader: Appointment) -> "QuerySet[Filing, int]":
    """Ids of records that lie in such a place."""
    files = matching(case_files_visible_to(reader), wanted.words)
    if wanted.year is not None:
        files = files.filter(year=wanted.year)
    if wanted.organ:
        # A subquery, for a unit has several codes.
        listed = UnitIdentifier.objects.filter(value__istartswith=wanted.organ)
        files = files.filter(unit__in=listed.values("unit"))
    filings = Filing.objects.filter(target_type=target_type, case_file__in=files.order_by().values("pk"))
    if wanted.ordinal is not None:
        filings = filings.filter(ordinal=wanted.ordinal)
    return filings.values_list("target_id", flat=True)


def organ_id_of(unit_id: int) -> str:
    """The unit's identifier code in force: that of Decision 20/2020, else that of QCVN 102:2016."""
    codes = UnitIdentifier.objects.filter(unit_id=unit_id, valid_to=None).exclude(form=IdentifierForm.GSO)
    rows = sorted(codes, key=lambda each: _SUREST.get(IdentifierForm(each.form), len(_SUREST)))
    return rows[0].value if rows else ""
