"""Months that are over get their report (báo cáo tháng), which then stays as it is."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.exchange.models import MonthlyReport, System
from dinh.exchange.queries.reports import midnight, report_of, scope_of, this_month
from dinh.exchange.reporting import MonthReport, report_bytes
from dinh.kernel.calendar import working_hours_between
from dinh.notify.api import notify
from dinh.storage.api import store_bytes

_FILES: Final = (("paper", "pdf"), ("sheet", "xlsx"))


def close_month(*, at: datetime) -> int:
    """
    Close the reports of the month before, of the whole platform and of each unit that had systems then; the keepers of
    the platform are told. Outside of working time nothing is done. Safe to repeat: what is closed stays as it is.

    Never call it inside a transaction: each report is printed before its own.

    :returns: how many reports were closed now
    """
    if not working_hours_between(start=at, end=at + timedelta(minutes=1)):
        return 0
    month = (this_month(at) - timedelta(days=1)).replace(day=1)
    closed = set(MonthlyReport.objects.filter(month=month).values_list("unit_id", flat=True))
    owners = _owners(before=midnight(this_month(at)))
    units = Unit.objects.in_bulk([owner for owner in owners - closed if owner])
    # The platform's first: a unit's that cannot be printed must not hold it up.
    waiting = [*([None] if owners and None not in closed else []), *units.values()]
    return sum(_close(unit, month, at) for unit in waiting)


def _owners(*, before: datetime) -> set[int | None]:
    """Units that had systems; None stands for outside members."""
    systems = System.objects.filter(created_at__lt=before)
    return set(systems.order_by().values_list("member__unit_id", flat=True).distinct())


def _close(unit: Unit | None, month: date, at: datetime) -> bool:
    """:returns: whether it was not closed before"""
    report = report_of(scope_of(unit), month, at=at)
    kept = {name: store_bytes(report_bytes(report, ending=ending)) for name, ending in _FILES}
    return _keep(unit, month, report, {name: blob.sha256 for name, blob in kept.items()}, at)


@transaction.atomic
def _keep(unit: Unit | None, month: date, report: MonthReport, blobs: dict[str, str], at: datetime) -> bool:
    given = {
        "content": asdict(report),
        "paper_id": blobs["paper"],
        "sheet_id": blobs["sheet"],
        "closed_at": at,
    }
    row, is_new = MonthlyReport.objects.get_or_create(month=month, unit=unit, defaults=given)
    if is_new:
        details = {"month": report.month, "unit": report.unit, "calls": report.total.calls, "sha256": blobs}
        record("exchange.report.closed", target=row, actor=None, at=at, details=details)
        if unit is None:
            _tell(_keepers(at), report, at)
    return is_new


def _keepers(at: datetime) -> list[int]:
    today = timezone.localdate(at)
    rows = Appointment.objects.filter(unit__keeps_directory=True, roles__contains=[Role.ADMINISTRATOR])
    return [each.pk for each in rows if each.is_current(today)]


def _tell(appointment_ids: Iterable[int], report: MonthReport, at: datetime) -> None:
    notify(
        appointment_ids=appointment_ids,
        kind="exchange.report",
        text=_("The report of the exchange for %(month)s is there: %(calls)d calls, %(failed)d failed.")
        % {
            "month": f"{report.first_day:%m/%Y}",
            "calls": report.total.calls,
            "failed": report.total.failed,
        },
        url=reverse("exchange:report", args=[report.month]),
        at=at,
        dedupe_key=f"exchange.report:{report.month}",
    )
