"""The gateways as they tell of themselves by their beats."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dinh.exchange.models import GatewayBeat

GONE_AFTER: Final = timedelta(seconds=60)
KNOWN_FOR: Final = timedelta(days=7)
"""A gateway that was silent for longer is none any more; one that was stopped in order is forgotten at once."""


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Whether a gateway reaches another address.

    :param name: identifier of a peer, or host and port of a provider
    :param why: it does not; empty if it does
    :param since: when that began
    """

    name: str
    why: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class GatewayStanding:
    """
    :param log_waits_s: seconds that the oldest part of its log waits to be shipped
    :param segments_left: files of its log that were laid aside for people
    :param failing: providers that fail now, as it sees them
    """

    name: str
    seen_at: datetime
    is_gone: bool
    is_log_well: bool
    log_waits_s: int
    segments_left: int
    peers: tuple[Reach, ...]
    failing: tuple[Reach, ...]


def gateways_seen(*, at: datetime) -> list[GatewayStanding]:
    """All that lived within a week, by name."""
    rows = GatewayBeat.objects.filter(seen_at__gt=at - KNOWN_FOR).order_by("name")
    return [_standing(row, at) for row in rows]


def _standing(row: GatewayBeat, at: datetime) -> GatewayStanding:
    told: dict[str, Any] = row.state
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
        failing=tuple(Reach(each["to"], each["why"]) for each in told.get("failing", [])),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
