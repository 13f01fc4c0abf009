"""Case files: what other modules may call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

from dinh.directory.models import Appointment
from dinh.records.registry import Fileable, FiledRecord, RecordDetail, RecordFile, fileables

if TYPE_CHECKING:
    from dinh.records.models import Filing

__all__ = [
    "CaseFileInfo",
    "FilePlace",
    "Fileable",
    "FiledRecord",
    "RecordDetail",
    "RecordFile",
    "WantedPlace",
    "case_files_of",
    "case_files_to_choose",
    "file",
    "fileables",
    "filed_under",
    "places_of",
]


@dataclass(frozen=True, kw_only=True)
class CaseFileInfo:
    """A case file by its id, code and title."""

    case_file_id: int
    code: str
    title: str


@dataclass(frozen=True, kw_only=True)
class FilePlace:
    """Where a record lies, by fields 1.1 to 2 of Annex VI: agency's code, year, notation, place in the file."""

    organ_id: str
    year: int
    notation: str
    ordinal: int


def file(*, target: models.Model, case_file_id: int, actor: Appointment, at: datetime) -> None:
    """
    Put a record into a case file, in the caller's transaction; once there, it stays as it is.

    :raises CaseFileNotFound, NotPermitted, CaseFileClosed, CannotBeFiled: as `operations.case_files.file_record`
    """
    from dinh.records.operations.case_files import file_record

    file_record(
        case_file_id=case_file_id,
        target_type=target._meta.label_lower,
        target_id=target.pk,
        actor=actor,
        at=at,
    )


def case_files_of(target: models.Model, *, reader: Appointment) -> list[CaseFileInfo]:
    """The case files that hold a record, as far as the reader may see them."""
    from dinh.records.queries.case_files import case_files_visible_to

    held = case_files_visible_to(reader).filter(
        filings__target_type=target._meta.label_lower, filings__target_id=target.pk
    )
    return [CaseFileInfo(case_file_id=each.pk, code=each.code, title=each.title) for each in held]


def case_files_to_choose(*, actor: Appointment, words: str = "", limit: int = 50) -> list[CaseFileInfo]:
    """Open case files that the actor may fill, with these words in code or title, at most `limit`."""
    from dinh.records.queries.case_files import case_files_to_fill, matching

    found = matching(case_files_to_fill(actor), words)[:limit]
    return [CaseFileInfo(case_file_id=each.pk, code=each.code, title=each.title) for each in found]


def places_of(target_type: str, ids: Sequence[int], *, reader: Appointment) -> dict[int, list[FilePlace]]:
    """Where records lie, as far as the reader sees the case files; two queries, however many records."""
    from dinh.records.queries.places import places

    return places(target_type, ids, reader=reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPlace:
    """
    Where records lie that are looked for; what is empty does not narrow.

    :param words: in code or title of the case file
    :param year: in which the case file was opened
    :param organ: beginning of a code of the unit that listed it
    :param ordinal: place in the case file, from 1
    """

    words: str = ""
    year: int | None = None
    organ: str = ""
    ordinal: int | None = None

    def __bool__(self) -> bool:
        return bool(self.words or self.organ) or self.year is not None or self.ordinal is not None


def filed_under(
    target_type: str, wanted: WantedPlace, *, reader: Appointment
) -> "models.QuerySet[Filing, int]":
    """Ids of the records that lie in such a place of visible case files, as a subquery."""
    from dinh.records.queries.places import filed_in

    return filed_in(target_type, wanted, reader=reader)
