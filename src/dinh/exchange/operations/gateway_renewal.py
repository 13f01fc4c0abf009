"""Gateways that make their own keys get the next ones in time, by themselves."""

from datetime import datetime, time, timedelta
from typing import Final

from cryptography import x509
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.exchange.gateway.renewal import Next
from dinh.exchange.models import GatewayBeat, GatewayCertificate
from dinh.exchange.operations.credentials import follow_certificate
from dinh.exchange.operations.expiry import keepers
from dinh.exchange.operations.gateway_keys import note_next
from dinh.exchange.queries.gateways import KNOWN_FOR, end_of
from dinh.exchange.renewal_rules import Renewal, renewal_on
from dinh.kernel.calendar import VIETNAM
from dinh.notify.api import notify

_QUIET: Final = time(2, tzinfo=VIETNAM)
_SOONEST: Final = timedelta(minutes=5)
"""From the order to the change, if the end is that near: the gateway hears of it at its next beat."""


def renew_gateway_keys(*, at: datetime) -> int:
    """
    Have each gateway whose certificate nears its end (`data/gateway_renewal.toml`) make the next key; note those that
    were made: audit entry, and the keepers are told, who see that other gateways register them. Where a gateway is
    known by its present certificate in this very registry, the next one is registered, too. Safe to repeat.

    A gateway whose key is configured is left alone unless its issuer gives certificates by EST
    (DINH_GATEWAY_EST_URL): else whoever issued its certificate is asked by people.

    :returns: how many were ordered
    """
    beats = list(GatewayBeat.objects.filter(seen_at__gt=at - KNOWN_FOR).order_by("name"))
    for beat in beats:
        _note(beat, at)
    rule = renewal_on(timezone.localdate(at))
    return _order(beats, rule, at) if rule else 0


def _order(beats: list[GatewayBeat], rule: Renewal, at: datetime) -> int:
    used = GatewayCertificate.objects.in_bulk([beat.certificate for beat in beats])
    wanting = [
        (beat, end_of(used[beat.certificate]))
        for beat in beats
        if _makes_keys(beat)
        # An order whose moment went by while the gateway was away is given anew: others need days to register.
        and (beat.renew_at is None or beat.renew_at <= at)
        and "next" not in beat.state["keys"]
        and beat.certificate in used
    ]
    ordered = 0
    # Not all on one day: each takes no calls for a few seconds.
    for place, (beat, ends_at) in enumerate(wanting):
        if ends_at - at <= timedelta(days=rule.days_before_end):
            since = _used_from(rule, place=place, ends_at=ends_at, at=at)
            mine = GatewayBeat.objects.filter(
                pk=beat.pk, certificate=beat.certificate, renew_at=beat.renew_at
            )
            ordered += mine.update(renew_at=since)
    return ordered


def _makes_keys(beat: GatewayBeat) -> bool:
    return bool(beat.state.get("keys", {}).get("makes_keys"))


def _used_from(rule: Renewal, *, place: int, ends_at: datetime, at: datetime) -> datetime:
    day = timezone.localdate(at) + timedelta(days=rule.days_to_register + place)
    wanted = datetime.combine(day, _QUIET)
    # A gateway that was not there when its time came: a day before its end, or at once.
    return max(min(wanted, ends_at - timedelta(days=1)), at + _SOONEST)


@transaction.atomic
def _note(beat: GatewayBeat, at: datetime) -> None:
    told = beat.state.get("keys", {}).get("next")
    if not told:
        return
    certificate = x509.load_pem_x509_certificate(told["certificate"].encode())
    made = Next(certificate, datetime.fromisoformat(told["since"]), told["certificate"].encode())
    follow_certificate(present=beat.certificate, following=certificate, at=at)
    row = note_next(beat.name, made, at)
    if row is None:
        return
    today = timezone.localdate(at)
    text = _(
        "The gateway %(gateway)s has made its next certificate and uses it from %(day)s on. Have all other gateways "
        "register it until then: it is on this page."
    )
    notify(
        appointment_ids=[each.pk for each in keepers() if each.is_current(today)],
        kind="exchange.gateway",
        text=text % {"gateway": beat.name, "day": timezone.localtime(made.since).strftime("%d/%m/%Y")},
        url=reverse("exchange:dashboard"),
        at=at,
        dedupe_key=f"exchange.gateway:next:{row.pk}",
    )
