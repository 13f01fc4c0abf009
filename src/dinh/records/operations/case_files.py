"""Open case files, fill them and close them (lập hồ sơ; Decree 30/2020, Art. 29)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import DomainError, InvalidInput, NotFound, NotPermitted
from dinh.records.models import CaseFile, Filing, ListEntry
from dinh.records.queries.case_files import CaseFileNotFound, case_files_visible_to
from dinh.records.registry import fileables
from dinh.records.rules import may_keep

HANDOVER_MONTHS: Final = 12
"""Until a closed file goes to the unit's archive; 3 for construction (Decree 30/2020, Art. 30)."""


class CodeTaken(InvalidInput):
    """The unit has a case file of that code in that year."""

    status = 409


class CaseFileClosed(DomainError):
    """A closed case file is not changed any more."""


class CannotBeFiled(NotFound):
    """The record is missing, not visible, or of a kind that is not filed."""


@dataclass(frozen=True, kw_only=True)
class NewCaseFile:
    """
    What a case file is opened with; `retention_years` None keeps it for ever.

    :param entry_id: line of the unit's list of files that it is opened from
    :param rights: conditions of use (chế độ sử dụng), free for the unit's own readers if empty
    """

    code: str
    title: str
    opened_date: date
    retention_years: int | None = None
    rights: str = ""
    language: str = "Tiếng Việt"
    note: str = ""
    entry_id: int | None = None


@transaction.atomic
def open_case_file(*, responsible: Appointment, case_file: NewCaseFile, at: datetime) -> CaseFile:
    """
    Open a case file in the charge of whoever asks; the same request again finds the file that it opened.

    :raises CodeTaken: if code and year belong to another case file
    :raises InvalidInput: field by field
    """
    _check(case_file, at)
    entry = _entry(case_file, responsible)
    opened, is_new = CaseFile.objects.get_or_create(
        unit_id=responsible.unit_id,
        year=case_file.opened_date.year,
        code=case_file.code.strip(),
        defaults={
            "title": case_file.title.strip(),
            "retention_years": case_file.retention_years,
            "rights": case_file.rights.strip(),
            "language": case_file.language.strip(),
            "note": case_file.note.strip(),
            "entry": entry,
            "responsible": responsible,
            "opened_date": case_file.opened_date,
            "created_at": at,
        },
    )
    if is_new:
        record("records.case_file.opened", target=opened, actor=responsible, at=at)
    elif (opened.title, opened.responsible_id) != (case_file.title.strip(), responsible.pk):
        raise CodeTaken(
            _("The unit has a case file of this code in that year. Choose another."), field="code"
        )
    return opened


@transaction.atomic
def file_record(
    *, case_file_id: int, target_type: str, target_id: int, actor: Appointment, at: datetime
) -> Filing:
    """
    Put a record into a case file; what lies there already stays as it is.

    :raises CaseFileNotFound: missing, or not visible
    :raises NotPermitted: if somebody else keeps the file
    :raises CaseFileClosed: once closed
    :raises CannotBeFiled: if the actor does not see the record
    """
    case_file = locked_case_file(case_file_id, actor)
    fileable = fileables.get(target_type)
    if fileable is None or target_id not in fileable.describe([target_id], actor):
        raise CannotBeFiled(_("There is no such record here. Go back to the list."))
    filing, is_new = Filing.objects.get_or_create(
        case_file=case_file,
        target_type=target_type,
        target_id=target_id,
        defaults={"ordinal": case_file.filings.count() + 1, "filed_by": actor, "filed_at": at},
    )
    if is_new:
        details = {"target_type": target_type, "target_id": target_id}
        record("records.case_file.filled", target=case_file, actor=actor, at=at, details=details)
    return filing


@transaction.atomic
def take_out(*, case_file_id: int, filing_id: int, actor: Appointment, at: datetime) -> None:
    """
    Take a record out that was filed by mistake; the log keeps that it lay there. Repeated, it changes nothing.

    :raises CaseFileNotFound, NotPermitted, CaseFileClosed: as `file_record`
    """
    case_file = locked_case_file(case_file_id, actor)
    filing = case_file.filings.filter(pk=filing_id).first()
    if filing is None:
        return
    details = {"target_type": filing.target_type, "target_id": filing.target_id}
    filing.delete()
    case_file.filings.filter(ordinal__gt=filing.ordinal).update(ordinal=F("ordinal") - 1)
    record("records.case_file.record_taken_out", target=case_file, actor=actor, at=at, details=details)


@transaction.atomic
def close_case_file(*, case_file_id: int, actor: Appointment, at: datetime) -> CaseFile:
    """
    Close a case file when its matter is settled; repeated, it changes nothing.

    From then on runs the time until it is handed over to the unit's archive (Decree 30/2020, Art. 30).

    :raises CaseFileNotFound: missing, or not visible
    :raises NotPermitted: if somebody else keeps the file
    """
    case_file = locked_case_file(case_file_id, actor, allow_closed=True)
    if case_file.closed_date is None:
        case_file.closed_date = max(timezone.localdate(at), case_file.opened_date)
        months = case_file.entry.handover_months if case_file.entry else HANDOVER_MONTHS
        case_file.handover_due_date = months_later(case_file.closed_date, months)
        case_file.save(update_fields=["closed_date", "handover_due_date"])
        record("records.case_file.closed", target=case_file, actor=actor, at=at)
    return case_file


@transaction.atomic
def reopen_case_file(*, case_file_id: int, actor: Appointment, reason: str, at: datetime) -> CaseFile:
    """
    Open a case file again that was closed too early, as long as the archive has not got it; repeated, it changes
    nothing.

    :raises CaseFileNotFound, NotPermitted: as `close_case_file`
    :raises CaseFileClosed: once handed over
    :raises InvalidInput: without a reason
    """
    case_file = locked_case_file(case_file_id, actor, allow_closed=True)
    if case_file.closed_date is None:
        return case_file
    if case_file.handed_over_at is not None:
        raise CaseFileClosed(_("The archive has the case file; it is not changed any more."))
    if not 0 < len(reason.strip()) <= 500:
        raise InvalidInput(_("Say why the case file is opened again."), field="reason")
    case_file.closed_date = case_file.handover_due_date = case_file.handover_warned_at = None
    case_file.save(update_fields=["closed_date", "handover_due_date", "handover_warned_at"])
    details = {"reason": reason.strip()}
    record("records.case_file.reopened", target=case_file, actor=actor, at=at, details=details)
    return case_file


@transaction.atomic
def correct_case_file(
    *, case_file_id: int, actor: Appointment, title: str, rights: str, language: str, note: str, at: datetime
) -> CaseFile:
    """
    Correct how an open case file is described; its code, day of opening and retention stay. Repeated, it changes
    nothing.

    :raises CaseFileNotFound, NotPermitted, CaseFileClosed: as `file_record`
    :raises InvalidInput: field by field
    """
    case_file = locked_case_file(case_file_id, actor)
    given = {"title": title, "rights": rights, "language": language, "note": note}
    described = NewCaseFile(
        code=case_file.code,
        opened_date=case_file.opened_date,
        title=title,
        rights=rights,
        language=language,
        note=note,
    )
    _check(described, at)
    changed = {name: text.strip() for name, text in given.items() if text.strip() != getattr(case_file, name)}
    if not changed:
        return case_file
    before = {name: getattr(case_file, name) for name in changed}
    for name, text in changed.items():
        setattr(case_file, name, text)
    case_file.save(update_fields=list(changed))
    details = {"before": before, "after": changed}
    record("records.case_file.corrected", target=case_file, actor=actor, at=at, details=details)
    return case_file


def locked_case_file(case_file_id: int, actor: Appointment, *, allow_closed: bool = False) -> CaseFile:
    """The visible file that the actor keeps, locked until the end of the transaction."""
    rows = case_files_visible_to(actor).select_for_update(of=("self",), no_key=True).select_related("entry")
    case_file = rows.filter(pk=case_file_id).first()
    if case_file is None:
        raise CaseFileNotFound(_("There is no such case file. Go back to the list."))
    if not may_keep(actor, case_file):
        raise NotPermitted(_("Only whoever is responsible for the case file, or a clerk, changes it."))
    if case_file.closed_date is not None and not allow_closed:
        raise CaseFileClosed(_("The case file is closed. Choose another."))
    return case_file


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return day.replace(year=day.year + years, month=month + 1, day=min(day.day, last))


def _entry(case_file: NewCaseFile, actor: Appointment) -> ListEntry | None:
    if case_file.entry_id is None:
        return None
    entries = ListEntry.objects.filter(file_list__unit_id=actor.unit_id, code=case_file.code.strip())
    found = entries.filter(pk=case_file.entry_id, file_list__year=case_file.opened_date.year).first()
    if found is None:
        raise InvalidInput(_("The list of files of that year has no such line."), field="code")
    return found


def _check(case_file: NewCaseFile, at: datetime) -> None:
    if not case_file.code.strip() or len(case_file.code.strip()) > 40:
        raise InvalidInput(_("Give the code of the list of files, at most 40 characters."), field="code")
    if not case_file.title.strip() or len(case_file.title.strip()) > 500:
        raise InvalidInput(_("Give a title of at most 500 characters."), field="title")
    if case_file.opened_date > timezone.localdate(at):
        raise InvalidInput(_("A case file is not opened in the future."), field="opened_date")
    if case_file.retention_years is not None and not 1 <= case_file.retention_years <= 200:
        raise InvalidInput(_("Give 1 to 200 years, or nothing to keep it for ever."), field="retention_years")
    for field, most in (("rights", 30), ("language", 50), ("note", 500)):
        if len(getattr(case_file, field)) > most:
            raise InvalidInput(_("Give at most %(most)d characters.") % {"most": most}, field=field)
