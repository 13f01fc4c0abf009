"""Whoever looks after a service that fails, or whose provider is away, is told."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.exchange.models import Alarm, Service
from dinh.exchange.queries.gateways import Reach, gateways_seen
from dinh.exchange.queries.measures import Measure, failing_services
from dinh.exchange.queries.registry import services_at
from dinh.notify.api import notify

LOOKED_BACK: Final = timedelta(minutes=10)
AT_LEAST: Final = 10
PERCENT: Final = 20.0
AWAY_FOR: Final = timedelta(minutes=1)


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


def warn_of_providers_away(*, at: datetime) -> int:
    """
    Tell of each provider that a gateway has ceased to ask (its circuit is open) for a minute, at most once an hour.
    Safe to repeat.

    Told are the heads and administrators of the units whose services are there, and the keepers of the platform.

    :returns: how many services are away
    """
    away: dict[str, tuple[str, Reach]] = {}
    for gateway in gateways_seen(at=at):
        if not gateway.is_gone:
            for provider in gateway.failing:
                if provider.since and at - provider.since >= AWAY_FOR:
                    away.setdefault(provider.name, (gateway.name, provider))
    services = services_at(away) if away else {}
    for service, address in services.items():
        _tell_away(service, *away[address], at)
    return len(services)


def _tell_away(service: Service, gateway: str, provider: Reach, at: datetime) -> None:
    assert provider.since is not None  # noqa: S101 chosen by it
    text = _(
        "%(service)s is away: the gateway %(gateway)s no longer asks %(address)s since %(moment)s (%(why)s)."
    )
    _notify(
        service,
        kind="exchange.away",
        text=text
        % {
            "service": service.title,
            "gateway": gateway,
            "address": provider.name,
            "moment": timezone.localtime(provider.since).strftime("%H:%M %d/%m/%Y"),
            "why": provider.why,
        },
        at=at,
    )


def _tell(service: Service, row: Measure, at: datetime) -> None:
    hour = at.replace(minute=0, second=0, microsecond=0)
    Alarm.objects.get_or_create(
        service=service.code, hour=hour, defaults={"calls": row.calls, "failed": row.failed}
    )
    text = _("%(service)s fails: %(failed)d of %(calls)d calls in ten minutes.")
    told = {"service": service.title, "failed": row.failed, "calls": row.calls}
    _notify(service, kind="exchange.failing", text=text % told, at=at)


def _notify(service: Service, *, kind: str, text: str, at: datetime) -> None:
    """Whoever looks after a service, once an hour for each kind."""
    today = timezone.localdate(at)
    told = Q(unit__keeps_directory=True, roles__contains=[Role.ADMINISTRATOR])
    if unit := service.system.member.unit_id:
        told |= Q(unit_id=unit, roles__overlap=[Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.ADMINISTRATOR])
    notify(
        appointment_ids=[a.pk for a in Appointment.objects.filter(told) if a.is_current(today)],
        kind=kind,
        text=text,
        url=reverse("exchange:service", args=[service.pk]),
        at=at,
        dedupe_key=f"{kind}:{service.pk}:{at:%Y%m%d%H}",
    )
