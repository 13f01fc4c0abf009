"""Whoever looks after a service that fails is told."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.exchange.models import Alarm, Service
from dinh.exchange.queries.measures import Measure, failing_services
from dinh.notify.api import notify

LOOKED_BACK: Final = timedelta(minutes=10)
AT_LEAST: Final = 10
PERCENT: Final = 20.0


def warn_of_failing_services(*, at: datetime) -> int:
    """
    Tell of each service of which every fifth call failed within ten minutes, at most once an hour, and keep that it was
    told. Safe to repeat.

    Told are the heads and administrators of its unit, and the keepers of the platform.

    :returns: how many services fail
    """
    failing = failing_services(since=at - LOOKED_BACK, at_least=AT_LEAST, percent=PERCENT)
    services = Service.objects.filter(code__in=[row.name for row in failing]).select_related("system__member")
    found = {service.code: service for service in services}
    for row in failing:
        if row.name in found:
            _tell(found[row.name], row, at)
    return len(failing)


def _tell(service: Service, row: Measure, at: datetime) -> None:
    today, hour = timezone.localdate(at), at.replace(minute=0, second=0, microsecond=0)
    Alarm.objects.get_or_create(
        service=service.code, hour=hour, defaults={"calls": row.calls, "failed": row.failed}
    )
    told = Q(unit__keeps_directory=True, roles__contains=[Role.ADMINISTRATOR])
    if unit := service.system.member.unit_id:
        told |= Q(unit_id=unit, roles__overlap=[Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.ADMINISTRATOR])
    notify(
        appointment_ids=[a.pk for a in Appointment.objects.filter(told) if a.is_current(today)],
        kind="exchange.failing",
        text=_("%(service)s fails: %(failed)d of %(calls)d calls in ten minutes.")
        % {"service": service.title, "failed": row.failed, "calls": row.calls},
        url=reverse("exchange:service", args=[service.pk]),
        at=at,
        dedupe_key=f"exchange.failing:{service.pk}:{at:%Y%m%d%H}",
    )
