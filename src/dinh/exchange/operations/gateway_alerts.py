"""The keepers are told when something is wrong with a gateway."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.exchange.operations.expiry import keepers
from dinh.exchange.queries.gateways import GatewayStanding, gateways_seen
from dinh.exchange.reasons import reason_text
from dinh.kernel.text import moment_told
from dinh.notify.api import notify

LOG_WAITS_AT_MOST: Final = timedelta(minutes=5)
UNREACHED_AT_MOST: Final = timedelta(seconds=45)
"""Longer than one look at a peer that failed (`gateway.standing`)."""


def warn_of_gateways(*, at: datetime) -> int:
    """
    Tell the keepers of each gateway that is gone, whose log is not shipped or was laid aside, or that does not reach
    another; once for a gateway that is gone, of all at most once an hour. Safe to repeat.

    :returns: how many faults there are
    """
    faults = [fault for gateway in gateways_seen(at=at) for fault in _faults(gateway, at)]
    today = timezone.localdate(at)
    told = [each.pk for each in keepers() if each.is_current(today)] if faults else []
    for key, text in faults:
        notify(
            appointment_ids=told,
            kind="exchange.gateway",
            text=text,
            url=reverse("exchange:dashboard"),
            at=at,
            dedupe_key=f"exchange.gateway:{key}",
        )
    return len(faults)


def _faults(gateway: GatewayStanding, at: datetime) -> Iterator[tuple[str, str]]:
    """What is wrong: a key that is the same while it is not to be told again, and the words."""
    name, hour = gateway.name, f"{at:%Y%m%d%H}"
    if gateway.is_gone:
        text = _(
            "The gateway %(gateway)s has not been heard from since %(moment)s: it has stopped or is cut off."
        )
        # One that comes and goes is told of once an hour, too.
        yield (
            f"gone:{name}:{gateway.seen_at:%Y%m%d%H}",
            text % {"gateway": name, "moment": moment_told(gateway.seen_at)},
        )
        # What it told last is no longer so.
        return
    if not gateway.is_log_well:
        text = _(
            "The disk of the gateway %(gateway)s cannot be written to: the gateway lets no call through."
        )
        yield f"disk:{name}:{hour}", text % {"gateway": name}
    if gateway.log_waits_s > LOG_WAITS_AT_MOST.total_seconds():
        text = _("The log of the gateway %(gateway)s has not been shipped for %(minutes)d minutes.")
        yield f"log:{name}:{hour}", text % {"gateway": name, "minutes": gateway.log_waits_s // 60}
    if gateway.segments_left:
        text = _(
            "%(count)d files of the log of the gateway %(gateway)s could not be taken in whole and lie aside in its "
            "folder (.refused, .torn)."
        )
        # Again when they are twice as many, not with each one.
        key = f"left:{name}:{gateway.segments_left.bit_length()}:{at:%Y%m%d}"
        yield key, text % {"gateway": name, "count": gateway.segments_left}
    for peer in gateway.peers:
        if peer.why and peer.since and at - peer.since > UNREACHED_AT_MOST:
            text = _("The gateway %(gateway)s does not reach %(peer)s: %(why)s.")
            told = {"gateway": name, "peer": peer.name, "why": reason_text(peer.why)}
            yield f"peer:{name}:{peer.name}:{hour}", text % told
