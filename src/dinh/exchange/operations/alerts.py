"""Whoever looks after a service that fails, or whose provider is away, is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.exchange.models import Alarm, Service
from dinh.exchange.operations.expiry import keepers
from dinh.exchange.queries.gateways import Reach, gateways_seen
from dinh.exchange.queries.measures import Measure, failing_services
from dinh.exchange.queries.registry import services_at
from dinh.exchange.reasons import reason_text
from dinh.exchange.rules import SPEAKERS
from dinh.kernel.text import moment_told
from dinh.notify.api import News, notify_all

LOOKED_BACK: Final = timedelta(minutes=10)
AT_LEAST: Final = 10
PERCENT: Final = 20.0
AWAY_FOR: Final = timedelta(minutes=1)
SINGLY: Final = 3
"""Services that somebody is told of one by one: if a house with hundreds of them falls, one notice says so."""
_NAMED: Final = 5


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
    faults = [_failing(found[row.name], row, at) for row in failing if row.name in found]
    _tell(faults, kind="exchange.failing", at=at)
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
    faults = [_away(service, *away[address]) for service, address in services.items()]
    _tell(faults, kind="exchange.away", at=at)
    return len(services)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a service, in words."""

    service: Service
    text: str

    @property
    def unit_id(self) -> int | None:
        return self.service.system.member.unit_id


def _away(service: Service, gateway: str, provider: Reach) -> _Fault:
    assert provider.since is not None  # noqa: S101 chosen by it
    text = _(
        "%(service)s is away: the gateway %(gateway)s no longer asks %(address)s since %(moment)s (%(why)s)."
    )
    told = {
        "service": service.title,
        "gateway": gateway,
        "address": provider.name,
        "moment": moment_told(provider.since),
        "why": reason_text(provider.why),
    }
    return _Fault(service, text % told)


def _failing(service: Service, row: Measure, at: datetime) -> _Fault:
    hour = at.replace(minute=0, second=0, microsecond=0)
    Alarm.objects.get_or_create(
        service=service.code, hour=hour, defaults={"calls": row.calls, "failed": row.failed}
    )
    text = _("%(service)s fails: %(failed)d of %(calls)d calls in ten minutes.")
    told = {"service": service.title, "failed": row.failed, "calls": row.calls}
    return _Fault(service, text % told)


def _tell(faults: list[_Fault], *, kind: str, at: datetime) -> None:
    """Whoever looks after the services, and the keepers: once an hour for each, of many at a time in one notice."""
    if not faults:
        return
    today = timezone.localdate(at)
    units = {fault.unit_id for fault in faults} - {None}
    owners: dict[int, list[int]] = {}
    lookers = Q(unit_id__in=units, roles__overlap=SPEAKERS)
    for each in Appointment.objects.filter(lookers):
        if each.is_current(today):
            owners.setdefault(each.unit_id, []).append(each.pk)
    heard = [([each.pk for each in keepers() if each.is_current(today)], faults)]
    heard += [(people, [each for each in faults if each.unit_id == unit]) for unit, people in owners.items()]
    notify_all([news for people, theirs in heard for news in _news(people, theirs, kind, at)], at=at)


def _news(people: list[int], faults: list[_Fault], kind: str, at: datetime) -> Iterator[News]:
    if len(faults) <= SINGLY:
        for fault in faults:
            service = fault.service
            url, key = reverse("exchange:service", args=[service.pk]), f"{kind}:{service.pk}:{at:%Y%m%d%H}"
            yield News(appointment_ids=people, kind=kind, text=fault.text, url=url, dedupe_key=key)
        return
    text = _("%(count)d services fail or are away: %(names)s")
    titles = [each.service.title for each in faults[:_NAMED]]
    told = {"count": len(faults), "names": ", ".join(titles) + (", …" if len(faults) > _NAMED else "")}
    url, key = reverse("exchange:dashboard"), f"{kind}:many:{at:%Y%m%d%H}"
    yield News(appointment_ids=people, kind=kind, text=text % told, url=url, dedupe_key=key)
