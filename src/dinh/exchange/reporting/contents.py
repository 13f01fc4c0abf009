"""What a monthly report tells. All of it is what JSON has, so that a closed report is read again as it was written."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """
    Calls of one day, service or client, or of all.

    :param name: the day (ISO 8601), the service's name in addresses or the system's identifier; empty: all others
    :param median_ms, slow_ms, slowest_ms: half, 95 and 99 of 100 were answered within, to about a tenth
    :param before: calls of the month before
    """

    name: str
    title: str = ""
    calls: int = 0
    answered: int = 0
    failed: int = 0
    refused: int = 0
    median_ms: float = 0.0
    slow_ms: float = 0.0
    slowest_ms: float = 0.0
    before: int = 0

    @property
    def available_percent(self) -> float | None:
        """Of the calls that the platform let through, how many the provider answered; None without such."""
        let_through = self.answered + self.failed
        return 100 * self.answered / let_through if let_through else None

    @property
    def change_percent(self) -> float | None:
        """Against the month before; None without calls then."""
        return 100 * (self.calls - self.before) / self.before if self.before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """:param code: the log's reason, or `status-` and the provider's own status"""

    code: str
    result: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCount:
    """:param sent, received: calls to it, and from it"""

    system: str
    address: str
    sent: int
    received: int
    ended_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMove:
    """:param move: `new`, `revoked` or `expired`"""

    move: str
    system: str
    service: str
    day: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """:param kind: `certificate` or `key`"""

    kind: str
    system: str
    label: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCount:
    """:param hours: in how many of them it was told"""

    service: str
    title: str
    hours: int
    first_on: str
    last_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """
    One month of the whole platform, or of one unit's systems.

    :param month: 2026-11
    :param until: the last day that it covers
    :param unit: name of the unit whose systems it is about; empty: the whole platform
    :param offered: services that were called here; of a unit, its own
    :param called: of a unit, the services that its systems called
    """

    month: str
    until: str
    made_at: str
    is_over: bool
    unit: str
    total: Figures
    days: tuple[Figures, ...] = ()
    offered: tuple[Figures, ...] = ()
    called: tuple[Figures, ...] = ()
    clients: tuple[Figures, ...] = ()
    faults: tuple[FaultCount, ...] = ()
    peers: tuple[PeerCount, ...] = ()
    grants: tuple[GrantMove, ...] = ()
    endings: tuple[Ending, ...] = ()
    alarms: tuple[AlarmCount, ...] = ()

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.month}-01")


_ROWS: Final[Mapping[str, Any]] = {
    "days": Figures,
    "offered": Figures,
    "called": Figures,
    "clients": Figures,
    "faults": FaultCount,
    "peers": PeerCount,
    "grants": GrantMove,
    "endings": Ending,
    "alarms": AlarmCount,
}


def read_report(content: Mapping[str, Any]) -> MonthReport:
    """A closed report, from what `asdict` made of it; whatever this release does not know is passed over."""
    read: dict[str, Any] = dict(content)
    for name, kind in _ROWS.items():
        read[name] = tuple(_known(kind, row) for row in content.get(name, ()))
    return _known(MonthReport, {**read, "total": _known(Figures, content["total"])})


def _known(kind: type[T], row: Mapping[str, Any]) -> T:
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # dataclasses only
    return kind(**{name: value for name, value in row.items() if name in names})
