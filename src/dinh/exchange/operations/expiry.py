"""Keys and certificates at their end are told of in time."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.exchange.models import ClientSecret, System, SystemCertificate
from dinh.notify.api import notify

WARNED_BEFORE: Final = timedelta(days=30)


def warn_of_expiring_keys(*, at: datetime) -> int:
    """
    Tell of each key and certificate of a system that ends within 30 days, once. Safe to repeat.

    Told are the unit's heads and administrators; for an outside member the keepers of the platform.

    :returns: how many are at their end
    """
    secrets = ClientSecret.objects.select_related("system__member").filter(
        revoked_at=None, is_trial=False, expires_at__gt=at, expires_at__lte=at + WARNED_BEFORE
    )
    certificates = SystemCertificate.objects.select_related("system__member").filter(
        revoked_at=None, valid_to__gt=at, valid_to__lte=at + WARNED_BEFORE
    )
    ends = [(row.system, f"secret:{row.pk}", row.label, row.expires_at) for row in secrets]
    ends += [(row.system, f"certificate:{row.pk}", row.subject_name, row.valid_to) for row in certificates]
    for system, key, label, ends_at in ends:
        _tell(system, key, label, ends_at, at)
    return len(ends)


def _tell(system: System, key: str, label: str, ends_at: datetime, at: datetime) -> None:
    today = timezone.localdate(at)
    text = _("%(label)s of %(system)s ends on %(day)s. Make a new one now.") % {
        "label": label,
        "system": system.name,
        "day": timezone.localdate(ends_at).strftime("%d/%m/%Y"),
    }
    notify(
        appointment_ids=[a.pk for a in _concerned(system) if a.is_current(today)],
        kind="exchange.expiring",
        text=text,
        url=reverse("exchange:system", args=[system.pk]),
        at=at,
        dedupe_key=f"exchange.expiring:{key}",
    )


def _concerned(system: System) -> QuerySet[Appointment]:
    roles = [Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.ADMINISTRATOR]
    if system.member.unit_id:
        return Appointment.objects.filter(unit_id=system.member.unit_id, roles__overlap=roles)
    return Appointment.objects.filter(unit__keeps_directory=True, roles__contains=[Role.ADMINISTRATOR])
