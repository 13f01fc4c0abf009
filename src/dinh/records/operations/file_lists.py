"""Keep the list of files of a year (lập danh mục hồ sơ; Decree 30/2020, Art. 28)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound, NotPermitted
from dinh.records.models import FileList, ListEntry
from dinh.records.rules import may_approve_list, may_keep_list


class EntryCodeTaken(InvalidInput):
    """The list has a line of that code with another title."""

    status = 409


class EntryNotFound(NotFound):
    pass


class EntryInUse(DomainError):
    """A case file was opened from the line."""


class ListEmpty(DomainError):
    pass


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """A line of the list; `retention_years` None keeps the file for ever."""

    code: str
    title: str
    heading: str = ""
    retention_years: int | None = None
    handover_months: int = 12
    responsible_id: int | None = None
    note: str = ""


@transaction.atomic
def add_entry(*, clerk: Appointment, year: int, entry: NewEntry, at: datetime) -> ListEntry:
    """
    Put a line into the unit's list of a year, approved or not; the same line again is found.

    :raises NotPermitted: not a clerk
    :raises EntryCodeTaken: if the code belongs to a line with another title
    :raises InvalidInput: field by field
    """
    _require_clerk(clerk)
    _check(entry, clerk, year, at)
    file_list, _is_new = FileList.objects.get_or_create(unit_id=clerk.unit_id, year=year)
    given = {name: text.strip() if isinstance(text, str) else text for name, text in vars(entry).items()}
    code = given.pop("code")
    added, is_new = ListEntry.objects.get_or_create(file_list=file_list, code=code, defaults=given)
    if is_new:
        details = {"code": code, "title": added.title}
        record("records.file_list.line_added", target=file_list, actor=clerk, at=at, details=details)
    elif added.title != given["title"]:
        raise EntryCodeTaken(_("The list has a line of this code. Choose another."), field="code")
    return added


@transaction.atomic
def remove_entry(*, clerk: Appointment, entry_id: int, at: datetime) -> None:
    """
    Take a line out again that no case file was opened from.

    :raises EntryNotFound: missing, or another unit's
    :raises EntryInUse: once a file was opened from it
    """
    _require_clerk(clerk)
    rows = ListEntry.objects.filter(file_list__unit_id=clerk.unit_id).select_related("file_list")
    entry = rows.select_for_update(of=("self",)).filter(pk=entry_id).first()
    if entry is None:
        raise EntryNotFound(_("There is no such line. Go back to the list."))
    if entry.case_files.exists():
        raise EntryInUse(_("A case file was opened from this line. It stays."))
    details = {"code": entry.code, "title": entry.title}
    record("records.file_list.line_removed", target=entry.file_list, actor=clerk, at=at, details=details)
    entry.delete()


@transaction.atomic
def copy_list(*, clerk: Appointment, from_year: int, to_year: int, at: datetime) -> int:
    """
    Begin a year's list with the lines of another year's; codes that stand there already are left out.

    :returns: how many lines came in
    :raises ListEmpty: nothing to copy
    """
    _require_clerk(clerk)
    lines = ListEntry.objects.filter(file_list__unit_id=clerk.unit_id, file_list__year=from_year)
    if not lines.exists():
        raise ListEmpty(
            _("The list of %(year)d has no line. Write the first one here.") % {"year": from_year}
        )
    target, _is_new = FileList.objects.get_or_create(unit_id=clerk.unit_id, year=to_year)
    known = set(target.entries.values_list("code", flat=True))
    copies = [_copied(line, target) for line in lines if line.code not in known]
    ListEntry.objects.bulk_create(copies, ignore_conflicts=True)
    details = {"from_year": from_year, "lines": len(copies)}
    record("records.file_list.copied", target=target, actor=clerk, at=at, details=details)
    return len(copies)


@transaction.atomic
def approve_list(*, leader: Appointment, year: int, at: datetime) -> FileList:
    """
    Put the year's list into force; repeated, it changes nothing.

    :raises NotPermitted: neither head nor deputy of the unit
    :raises ListEmpty: nothing to approve
    """
    if not may_approve_list(leader):
        raise NotPermitted(_("The head of the unit approves the list of files."))
    found = FileList.objects.select_for_update().filter(unit_id=leader.unit_id, year=year).first()
    if found is None or not found.entries.exists():
        raise ListEmpty(_("The list has no line yet."))
    if found.approved_at is None:
        found.approved_at, found.approved_by = at, leader
        found.save(update_fields=["approved_at", "approved_by"])
        record("records.file_list.approved", target=found, actor=leader, at=at)
    return found


def _require_clerk(clerk: Appointment) -> None:
    if not may_keep_list(clerk):
        raise NotPermitted(_("Only a clerk of the unit keeps the list of files."))


def _copied(line: ListEntry, target: FileList) -> ListEntry:
    line.pk, line.file_list = None, target
    line._state.adding = True
    return line


def _check(entry: NewEntry, clerk: Appointment, year: int, at: datetime) -> None:
    today = timezone.localdate(at)
    people = Appointment.objects.filter(unit_id=clerk.unit_id, pk=entry.responsible_id or 0)
    rules = (
        ("code", 0 < len(entry.code.strip()) <= 20, _("Give a code of at most 20 characters.")),
        ("title", 0 < len(entry.title.strip()) <= 500, _("Give a title of at most 500 characters.")),
        ("heading", len(entry.heading) <= 200, _("Give at most 200 characters.")),
        ("note", len(entry.note) <= 500, _("Give at most 500 characters.")),
        ("year", 1945 <= year <= today.year + 1, _("Choose a year up to the next one.")),
        ("handover_months", 1 <= entry.handover_months <= 12, _("Give 1 to 12 months.")),
        (
            "retention_years",
            entry.retention_years is None or 1 <= entry.retention_years <= 200,
            _("Give 1 to 200 years, or nothing to keep it for ever."),
        ),
        (
            "responsible_id",
            entry.responsible_id is None or any(each.is_current(today) for each in people),
            _("Choose somebody of the unit."),
        ),
    )
    faults = [FieldFault(field, str(remedy)) for field, holds, remedy in rules if not holds]
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
