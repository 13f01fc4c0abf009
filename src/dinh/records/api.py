"""Case files: what other modules may call."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models

from dinh.directory.models import Appointment
from dinh.records.registry import Fileable, FiledRecord, fileables

__all__ = [
    "CaseFileInfo",
    "Fileable",
    "FiledRecord",
    "case_files_of",
    "case_files_to_choose",
    "file",
    "fileables",
]


@dataclass(frozen=True, kw_only=True)
class CaseFileInfo:
    """A case file by its id, code and title."""

    case_file_id: int
    code: str
    title: str


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
