"""Keys and certificates at their end are told of in time, those of systems and the gateways' own."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.exchange.models import ClientSecret, GatewayBeat, GatewayCertificate, System, SystemCertificate
from dinh.exchange.queries.gateways import end_of
from dinh.exchange.rules import SPEAKERS
from dinh.notify.api import notify

STAGES: Final = (1, 7, 14, 30)
"""Days before the end, at each of which it is told of again."""
WARNED_BEFORE: Final = timedelta(days=STAGES[-1])
_IN_USE: Final = timedelta(days=7)
"""A gateway that was silent for longer is none any more."""


@dataclass(frozen=True, slots=True)
class _End:
    """
    :param key: of what ends, the same at each stage
    """

    key: str
    text: str
    at: datetime
    url: str
    concerned: "QuerySet[Appointment]"


def warn_of_expiring_keys(*, at: datetime) -> int:
    """
    Tell of what ends within 30 days, again within 14, 7 and 1: keys and certificates of systems, and the certificates
    that gateways sign with and show. Safe to repeat.

    Told are the unit's heads and administrators; for an outside member, and of gateways, the keepers of the platform.

    :returns: how many are at their end
    """
    last = at + WARNED_BEFORE
    ends = [*_ends_of_secrets(at, last), *_ends_of_certificates(at, last), *_ends_of_gateways(at, last)]
    for end in ends:
        _tell(end, at)
    return len(ends)


def _ends_of_secrets(at: datetime, last: datetime) -> list[_End]:
    rows = ClientSecret.objects.select_related("system__member").filter(
        revoked_at=None, is_trial=False, expires_at__gt=at, expires_at__lte=last
    )
    return [_of_system(row.system, f"secret:{row.pk}", row.label, row.expires_at) for row in rows]


def _ends_of_certificates(at: datetime, last: datetime) -> list[_End]:
    rows = SystemCertificate.objects.select_related("system__member").filter(
        revoked_at=None, valid_to__gt=at, valid_to__lte=last
    )
    return [_of_system(row.system, f"certificate:{row.pk}", row.subject_name, row.valid_to) for row in rows]


def _of_system(system: System, key: str, label: str, ends_at: datetime) -> _End:
    text = _("%(label)s of %(system)s ends on %(day)s. Make a new one now.") % {
        "label": label,
        "system": system.name,
        "day": _day(ends_at),
    }
    return _End(key, text, ends_at, reverse("exchange:system", args=[system.pk]), concerned_with([system]))


def _ends_of_gateways(at: datetime, last: datetime) -> list[_End]:
    """Of the certificates that gateways use now; those that ended already, too: nothing else is worse."""
    beats = GatewayBeat.objects.filter(seen_at__gt=at - _IN_USE)
    used = GatewayCertificate.objects.in_bulk(beats.values_list("certificate", flat=True))
    return [
        _of_gateway(beat, row, ends_at, at)
        for beat in beats
        if (row := used.get(beat.certificate)) and (ends_at := end_of(row)) <= last
    ]


def _of_gateway(beat: GatewayBeat, row: GatewayCertificate, ends_at: datetime, at: datetime) -> _End:
    following = GatewayCertificate.objects.filter(gateway=row.gateway, used_from__gt=at).first()
    if following and following.used_from:
        text = _(
            "The certificate of the gateway %(gateway)s ends on %(day)s. Its next one is used from %(next)s on: see "
            "that all other gateways have registered it."
        )
        text %= {"gateway": row.gateway, "day": _day(ends_at), "next": _day(following.used_from)}
    elif beat.state.get("keys", {}).get("makes_keys") is False:
        text = _(
            "The certificate of the gateway %(gateway)s ends on %(day)s. Its key is configured: ask its issuer for the "
            "next one, give it to all other gateways, and put the new files (DINH_GATEWAY_KEY, "
            "DINH_GATEWAY_CERTIFICATE) on its machine."
        )
        text %= {"gateway": row.gateway, "day": _day(ends_at)}
    else:
        text = _(
            "The certificate of the gateway %(gateway)s ends on %(day)s. Have its next one made now: `dinh exchange "
            "gateway-key renew` on its machine."
        )
        text %= {"gateway": row.gateway, "day": _day(ends_at)}
    return _End(f"gateway:{row.pk}", text, ends_at, reverse("exchange:dashboard"), keepers())


def _tell(end: _End, at: datetime) -> None:
    today = timezone.localdate(at)
    left = math.ceil((end.at - at) / timedelta(days=1))
    stage = next(stage for stage in STAGES if left <= stage)
    notify(
        appointment_ids=[a.pk for a in end.concerned if a.is_current(today)],
        kind="exchange.expiring",
        text=end.text,
        url=end.url,
        at=at,
        dedupe_key=f"exchange.expiring:{end.key}:{stage}",
    )


def _day(moment: datetime) -> str:
    return timezone.localdate(moment).strftime("%d/%m/%Y")


def keepers() -> "QuerySet[Appointment]":
    """Those who keep the platform."""
    return Appointment.objects.filter(unit__keeps_directory=True, roles__contains=[Role.ADMINISTRATOR])


def concerned_with(systems: Iterable[System]) -> "QuerySet[Appointment]":
    """Those who look after these systems: of their units; of an outside member's, the keepers of the platform."""
    units = [system.member.unit_id for system in systems]
    known = {unit for unit in units if unit is not None}
    theirs = Appointment.objects.filter(unit_id__in=known, roles__overlap=SPEAKERS)
    return theirs | keepers() if None in units else theirs
