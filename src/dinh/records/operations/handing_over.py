"""Hand closed files over to the unit's archive, and warn in time (nộp lưu; Decree 30/2020, Art. 30)."""

from datetime import datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import DomainError
from dinh.notify.api import notify
from dinh.records.models import CaseFile
from dinh.records.operations.case_files import locked_case_file
from dinh.worklist.api import NewWork, add_work, finish_work

WARNED_BEFORE: Final = timedelta(days=30)
"""Annex VI of Decree 30/2020, part I, III.5.b."""
BATCH: Final = 500


class NotClosedYet(DomainError):
    pass


@transaction.atomic
def hand_over(*, case_file_id: int, actor: Appointment, at: datetime) -> CaseFile:
    """
    Give a closed file to the unit's archive; repeated, it changes nothing.

    :raises CaseFileNotFound: missing, or not visible
    :raises NotPermitted: if somebody else keeps the file
    :raises NotClosedYet: while its matter is open
    """
    case_file = locked_case_file(case_file_id, actor, allow_closed=True)
    if case_file.closed_date is None:
        raise NotClosedYet(_("Close the case file before it is handed over."))
    if case_file.handed_over_at is None:
        case_file.handed_over_at = at
        case_file.save(update_fields=["handed_over_at"])
        finish_work(case_file, at=at)
        record("records.case_file.handed_over", target=case_file, actor=actor, at=at)
    return case_file


@transaction.atomic
def warn_of_hand_over(*, at: datetime) -> int:
    """
    Tell those responsible of up to 500 files that are to be handed over within 30 days, once each.

    Writes an item into their list of work, and a notification.

    :returns: how many files were told of
    """
    last_day = timezone.localdate(at) + WARNED_BEFORE
    waiting = CaseFile.objects.filter(
        handover_due_date__lte=last_day, handover_warned_at=None, handed_over_at=None
    )
    rows = waiting.select_for_update(no_key=True, skip_locked=True)
    files = list(rows.order_by("handover_due_date", "pk")[:BATCH])
    add_work([_work(each, at) for each in files])
    for each in files:
        notify(
            appointment_ids=[each.responsible_id],
            kind="records.hand_over",
            text=_told(each),
            url=_url(each),
            at=at,
            dedupe_key=f"records.hand_over:{each.pk}",
        )
    CaseFile.objects.filter(pk__in=[each.pk for each in files]).update(handover_warned_at=at)
    return len(files)


def _work(case_file: CaseFile, at: datetime) -> NewWork:
    day = case_file.handover_due_date
    return NewWork(
        kind="records.hand_over",
        unit_id=case_file.unit_id,
        target_type="records.casefile",
        target_id=case_file.pk,
        title=f"{case_file.code} {case_file.title}",
        url=_url(case_file),
        created_at=at,
        appointment_id=case_file.responsible_id,
        due_at=timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None,
    )


def _told(case_file: CaseFile) -> str:
    words = _t("Case file %(code)s is to be handed over to the archive by %(day)s.")
    day = case_file.handover_due_date
    return words % {"code": case_file.code, "day": f"{day:%d/%m/%Y}" if day else ""}


def _url(case_file: CaseFile) -> str:
    return reverse("records:case_file", args=[case_file.pk])
