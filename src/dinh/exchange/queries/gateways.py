"""The gateways as they tell of themselves by their beats."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509

from dinh.exchange.models import GatewayBeat, GatewayCertificate
from dinh.exchange.reasons import reason_text

GONE_AFTER: Final = timedelta(seconds=60)
KNOWN_FOR: Final = timedelta(days=7)
"""A gateway that was silent for longer is none any more; one that was stopped in order is forgotten at once."""


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Whether a gateway reaches another address.

    :param name: identifier of a peer, or host and port of a provider
    :param why: it does not; empty if it does
    :param since: when that began; of a provider, when the gateway ceased to ask it (its circuit opened)
    """

    name: str
    why: str
    since: datetime | None = None

    @property
    def told(self) -> str:
        """The reason in words."""
        return reason_text(self.why)


@dataclass(frozen=True, slots=True)
class GatewayStanding:
    """
    :param log_waits_s: seconds that the oldest part of its log waits to be shipped
    :param segments_left: files of its log that were laid aside for people
    :param failing: providers that fail now, as it sees them
    :param certificate_until: end of the certificate that it uses; None if it is not known yet
    :param next_certificate: the one that it goes over to, PEM; empty if there is none
    :param next_from: when it does
    """

    name: str
    seen_at: datetime
    is_gone: bool
    is_log_well: bool
    log_waits_s: int
    segments_left: int
    peers: tuple[Reach, ...]
    failing: tuple[Reach, ...]
    certificate_until: datetime | None
    next_certificate: str
    next_from: datetime | None


def gateways_seen(*, at: datetime) -> list[GatewayStanding]:
    """All that lived within a week, by name."""
    rows = list(GatewayBeat.objects.filter(seen_at__gt=at - KNOWN_FOR).order_by("name"))
    used = GatewayCertificate.objects.in_bulk([row.certificate for row in rows])
    return [_standing(row, used.get(row.certificate), at) for row in rows]


def end_of(row: GatewayCertificate) -> datetime:
    """Until when it is valid."""
    return x509.load_pem_x509_certificate(bytes(row.chain)).not_valid_after_utc


def _standing(row: GatewayBeat, used: GatewayCertificate | None, at: datetime) -> GatewayStanding:
    told: dict[str, Any] = row.state
    following = told.get("keys", {}).get("next", {})
    return GatewayStanding(
        name=row.name,
        seen_at=row.seen_at,
        is_gone=row.seen_at < at - GONE_AFTER,
        is_log_well=told.get("log_well", True),
        log_waits_s=told.get("log_waits_s", 0),
        segments_left=told.get("segments_left", 0),
        peers=tuple(
            Reach(each["peer"], each["why"], _moment(each["since"])) for each in told.get("peers", [])
        ),
        failing=tuple(
            Reach(each["to"], each["why"], _moment(each["since"]) if each.get("since") else None)
            for each in told.get("failing", [])
        ),
        certificate_until=end_of(used) if used else None,
        next_certificate=following.get("certificate", ""),
        next_from=datetime.fromisoformat(following["since"]) if following else None,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
