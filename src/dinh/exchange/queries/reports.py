"""What the sums by day and the registry tell of a month."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import BooleanField, Case, Count, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Concat, TruncMonth

from dinh.directory.models import Appointment, Unit
from dinh.exchange.enums import Grain, GrantState, PeerScope, Result
from dinh.exchange.models import (
    AccessGrant,
    Alarm,
    ClientSecret,
    MonthlyReport,
    Peer,
    Service,
    System,
    SystemCertificate,
    Total,
)
from dinh.exchange.queries.measures import Heap, percentile_ms, sum_of
from dinh.exchange.queries.registry import party_in
from dinh.exchange.reporting import (
    AlarmCount,
    Ending,
    FaultCount,
    Figures,
    GrantMove,
    MonthReport,
    PeerCount,
)
from dinh.exchange.rules import keeps_exchange
from dinh.kernel.calendar import VIETNAM

MOST_ROWS: Final = 500
"""Of a table; what is called less often is told together."""
ENDS_WITHIN: Final = timedelta(days=60)
_IDENTIFIER: Final = Concat(
    "member__instance", Value("/"), "member__member_class", Value("/"), "member__code", Value("/"), "code"
)

_LINE: Final = ("month", "content__total", "closed_at")


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Whose calls a report is about.

    :param unit_id: of the unit that the systems belong to; None: the whole platform
    :param own: identifiers of its systems
    """

    unit_id: int | None
    unit: str = ""
    own: tuple[str, ...] = ()

    def of_calls(self) -> QuerySet[Total]:
        days = Total.objects.filter(grain=Grain.DAY)
        if self.unit_id is None:
            return days
        return days.filter(party_in(self.own))

    def of_reports(self) -> QuerySet[MonthlyReport]:
        unit = Q(unit=None) if self.unit_id is None else Q(unit_id=self.unit_id)
        return MonthlyReport.objects.filter(unit)

    def of_systems(self, path: str) -> Q:
        """:param path: from the row to its system"""
        return Q() if self.unit_id is None else Q(**{f"{path}__member__unit_id": self.unit_id})


@dataclass(frozen=True, slots=True)
class MonthLine:
    """
    A month in the list of reports.

    :param closed_at: when its report was closed; None: it is told from the sums
    """

    month: date
    calls: int
    failed: int
    refused: int
    is_over: bool
    closed_at: datetime | None

    @property
    def code(self) -> str:
        return f"{self.month:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Month:
    """The calls of a month begin from `begins` to before `ends`; `before` begins the month before."""

    first: date
    before: datetime
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, first: date) -> "Month":
        last, following = (first - timedelta(days=1)).replace(day=1), _month_after(first)
        return cls(first, *(midnight(day) for day in (last, first, following)))


def scope_visible_to(appointment: Appointment) -> Scope:
    """The whole platform for its keeper, else the appointment's own unit."""
    return scope_of(None if keeps_exchange(appointment) else appointment.unit)


def scope_of(unit: Unit | None) -> Scope:
    if unit is None:
        return Scope(None)
    rows = System.objects.filter(member__unit_id=unit.pk).select_related("member")
    return Scope(unit.pk, unit.name, tuple(system.identifier for system in rows))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)


def this_month(at: datetime) -> date:
    return at.astimezone(VIETNAM).date().replace(day=1)


def months_of(scope: Scope, *, at: datetime) -> list[date]:
    """From this one back to the first with calls; of a unit none before its first system."""
    first = Total.objects.filter(grain=Grain.DAY).aggregate(first=Min("began_at"))["first"]
    if first and scope.unit_id:
        owned = System.objects.filter(member__unit_id=scope.unit_id).aggregate(first=Min("created_at"))
        first = max(first, owned["first"]) if owned["first"] else None
    found = [month := this_month(at)]
    while first and month > this_month(first):
        found.append(month := (month - timedelta(days=1)).replace(day=1))
    return found


def month_lines(scope: Scope, months: Collection[date], *, at: datetime) -> list[MonthLine]:
    """
    What a list of reports says of these months, in two statements: of closed ones what their reports say.

    :param months: in any order; the lines come in theirs
    """
    rows = scope.of_reports().filter(month__in=list(months))
    closed = {month: (total, moment) for month, total, moment in rows.values_list(*_LINE)}
    open_ones = [month for month in months if month not in closed]
    sums = _sums_by_month(scope, open_ones) if open_ones else {}
    lines = []
    for month in months:
        total, closed_at = closed.get(month) or (sums.get(month, {}), None)
        calls, failed, refused = (total.get(name, 0) for name in ("calls", "failed", "refused"))
        lines.append(MonthLine(month, calls, failed, refused, month < this_month(at), closed_at))
    return lines


def _sums_by_month(scope: Scope, months: Collection[date]) -> dict[date, dict[str, int]]:
    rows = scope.of_calls().filter(
        began_at__gte=midnight(min(months)), began_at__lt=midnight(_month_after(max(months)))
    )
    found: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    summed = rows.order_by().annotate(month=TruncMonth("began_at", tzinfo=VIETNAM))
    for row in summed.values("month", "result").annotate(sum=Sum("calls")):
        found[row["month"].date()][row["result"]] += row["sum"]
        found[row["month"].date()]["calls"] += row["sum"]
    return found


def closed_report(scope: Scope, month: date) -> MonthlyReport | None:
    return scope.of_reports().filter(month=month).first()


def report_of(scope: Scope, first: date, *, at: datetime) -> MonthReport:
    """
    A month, from the sums by day and the registry: a constant number of statements, none of which reads the log, so
    that it says the same once the exchanges have left for the archive.

    :param first: the month's first day
    """
    month = Month.of(first)
    is_over = month.ends <= at
    upto = month.ends if is_over else at
    rows = scope.of_calls().filter(began_at__lt=month.ends)
    offered = rows.filter(provider__in=scope.own) if scope.unit_id else rows
    called = rows.filter(client__in=scope.own) if scope.unit_id else rows.none()
    days, days_before = _heaps(rows, "began_at", month)
    by_service = [_heaps(each.exclude(service=""), "service", month) for each in (offered, called)]
    by_client, by_provider = (_heaps(rows, name, month) for name in ("client", "provider"))
    titles = _service_titles(by_service[0][0].keys() | by_service[1][0].keys())
    systems = _system_names(by_client[0].keys() | by_provider[0].keys())
    return MonthReport(
        month=f"{first:%Y-%m}",
        until=(upto.astimezone(VIETNAM) - timedelta(microseconds=1)).date().isoformat(),
        made_at=at.isoformat(timespec="seconds"),
        is_over=is_over,
        unit=scope.unit,
        total=_figures("", "", sum_of(days.values()), sum_of(days_before.values())),
        days=_each_day(days, month, upto),
        offered=_most_called(*by_service[0], titles),
        called=_most_called(*by_service[1], titles),
        clients=_most_called(*by_client, systems),
        faults=_faults(rows, month),
        peers=_peers(month, upto, by_client[0], by_provider[0], systems) if scope.unit_id is None else (),
        grants=_grants(scope, month, upto),
        endings=_endings(scope, upto),
        alarms=_alarms(scope, month),
    )


def _heaps(rows: QuerySet[Total], name: str, month: Month) -> tuple[dict[Any, Heap], dict[Any, Heap]]:
    """Sums by a field, of the month and of the month before."""
    both: tuple[dict[Any, Heap], dict[Any, Heap]] = ({}, {})
    is_before = Case(
        When(began_at__lt=month.begins, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    summed = (
        rows.filter(began_at__gte=month.before)
        .order_by()
        .values(name, "result", "bucket", is_before=is_before)
        .annotate(calls=Sum("calls"), duration=Sum("duration_us"), upstream=Sum("upstream_us"))
    )
    for row in summed:
        both[row["is_before"]].setdefault(row[name], Heap()).add(row)
    return both


def _figures(name: str, title: str, heap: Heap, before: Heap | None) -> Figures:
    median, slow, slowest = (round(percentile_ms(heap.buckets, share), 1) for share in (0.5, 0.95, 0.99))
    return Figures(
        name=name,
        title=title,
        calls=heap.results.total(),
        answered=heap.results[Result.ANSWERED],
        failed=heap.results[Result.FAILED],
        refused=heap.results[Result.REFUSED],
        median_ms=median,
        slow_ms=slow,
        slowest_ms=slowest,
        before=before.results.total() if before else 0,
    )


def _each_day(heaps: dict[datetime, Heap], month: Month, upto: datetime) -> tuple[Figures, ...]:
    found, day = [], month.first
    while midnight(day) < upto:
        found.append(_figures(day.isoformat(), "", heaps.get(midnight(day), Heap()), None))
        day += timedelta(days=1)
    return tuple(found)


def _most_called(
    heaps: dict[str, Heap], before: dict[str, Heap], titles: Mapping[str, str]
) -> tuple[Figures, ...]:
    rows = sorted(heaps.items(), key=lambda item: (-item[1].results.total(), item[0]))
    told = [_figures(name, titles.get(name, ""), heap, before.get(name)) for name, heap in rows[:MOST_ROWS]]
    if others := [name for name, _heap in rows[MOST_ROWS:]]:
        told.append(
            _figures(
                "", "", sum_of(heaps[name] for name in others),
                sum_of(before[name] for name in others if name in before),
            )
        )  # fmt: skip
    return tuple(told)


def _service_titles(codes: Collection[str]) -> dict[str, str]:
    return dict(Service.objects.filter(code__in=codes).values_list("code", "title"))


def _system_names(identifiers: Collection[str]) -> dict[str, str]:
    rows = System.objects.annotate(identity=_IDENTIFIER).filter(identity__in=identifiers)
    return dict(rows.values_list("identity", "name"))


def _faults(rows: QuerySet[Total], month: Month) -> tuple[FaultCount, ...]:
    """Why calls failed or were refused, the most frequent first."""
    summed = (
        rows.filter(began_at__gte=month.begins)
        .exclude(result=Result.ANSWERED)
        .order_by()
        .values("fault", "result")
        .annotate(sum=Sum("calls"))
        .order_by("-sum", "fault", "result")[:MOST_ROWS]
    )
    return tuple(FaultCount(code=row["fault"], result=row["result"], calls=row["sum"]) for row in summed)


def _peers(
    month: Month,
    upto: datetime,
    clients: Mapping[str, Heap],
    providers: Mapping[str, Heap],
    systems: Mapping[str, str],
) -> tuple[PeerCount, ...]:
    """Other gateways that were connected in the month."""
    rows = (
        Peer.objects.filter(Q(ended_at=None) | Q(ended_at__gte=month.begins), created_at__lt=upto)
        .select_related("system__member")
        .order_by("system__member__name", "pk")
    )
    peers = {peer: f"{_served(peer)}/" for peer in rows}
    received, sent = (_calls_by_peer(peers, each, systems) for each in (clients, providers))
    return tuple(
        PeerCount(
            system=f"{peer.system.member.name}: {peer.system.name}",
            address=peer.address,
            sent=sent[peer.pk],
            received=received[peer.pk],
            ended_on=_day(peer.ended_at) if peer.ended_at and peer.ended_at < upto else "",
        )
        for peer in peers
    )


def _served(peer: Peer) -> str:
    member = peer.system.member
    return member.instance if peer.serves == PeerScope.INSTANCE else member.identifier


def _calls_by_peer(
    peers: Mapping[Peer, str], heaps: Mapping[str, Heap], systems: Mapping[str, str]
) -> dict[int, int]:
    """Each party's calls, for the peer that speaks for it: the more special one first, as the gateway has it."""
    found: dict[int, int] = defaultdict(int)
    special_first = sorted(peers.items(), key=lambda item: len(item[1]), reverse=True)
    for identifier, heap in heaps.items():
        for peer, prefix in special_first:
            # A whole instance's gateway speaks for those only that are not registered here.
            is_ours = peer.serves == PeerScope.INSTANCE and identifier in systems
            if identifier.startswith(prefix) and not is_ours:
                found[peer.pk] += heap.results.total()
                break
    return found


def _grants(scope: Scope, month: Month, upto: datetime) -> tuple[GrantMove, ...]:
    """Access that began or ended in the month: approved, revoked, or past its last day."""
    last_day = (upto.astimezone(VIETNAM) - timedelta(microseconds=1)).date()
    approved = Q(approved_at__gte=month.begins, approved_at__lt=upto)
    revoked = Q(state=GrantState.REVOKED, decided_at__gte=month.begins, decided_at__lt=upto)
    expired = Q(state=GrantState.APPROVED, valid_to__gte=month.first, valid_to__lt=last_day)
    if upto == month.ends:
        expired |= Q(state=GrantState.APPROVED, valid_to=last_day)
    rows = (
        AccessGrant.objects.filter(
            scope.of_systems("system") | scope.of_systems("version__service__system"),
            approved | revoked | expired,
        )
        .select_related("system", "version__service")
        .order_by("pk")[:MOST_ROWS]
    )
    moves = [move for grant in rows for move in _moves(grant, month, upto, last_day)]
    return tuple(sorted(moves, key=lambda move: (move.day, move.system, move.service)))


def _moves(grant: AccessGrant, month: Month, upto: datetime, last_day: date) -> Iterable[GrantMove]:
    service = f"{grant.version.service.title} {grant.version.version}"
    if grant.approved_at and month.begins <= grant.approved_at < upto:
        yield GrantMove(
            move="new", system=grant.system.name, service=service, day=_day(grant.approved_at),
            reason=grant.purpose,
        )  # fmt: skip
    if grant.state == GrantState.REVOKED:
        if grant.decided_at and month.begins <= grant.decided_at < upto:
            yield GrantMove(
                move="revoked", system=grant.system.name, service=service, day=_day(grant.decided_at),
                reason=grant.reason,
            )  # fmt: skip
    elif month.first <= grant.valid_to < last_day or (upto == month.ends and grant.valid_to == last_day):
        yield GrantMove(
            move="expired", system=grant.system.name, service=service, day=grant.valid_to.isoformat()
        )


def _endings(scope: Scope, upto: datetime) -> tuple[Ending, ...]:
    """Certificates and keys in use whose last day comes within 60 days after the report's own."""
    in_use = Q(revoked_at=None) | Q(revoked_at__gte=upto)
    own = scope.of_systems("system")
    certificates = (
        SystemCertificate.objects.filter(in_use, own, created_at__lt=upto)
        .filter(valid_to__gte=upto, valid_to__lt=upto + ENDS_WITHIN)
        .order_by("valid_to", "pk")
        .values_list("system__name", "subject_name", "valid_to")
    )
    keys = (
        ClientSecret.objects.filter(in_use, own, created_at__lt=upto, is_trial=False)
        .filter(expires_at__gte=upto, expires_at__lt=upto + ENDS_WITHIN)
        .order_by("expires_at", "pk")
        .values_list("system__name", "label", "expires_at")
    )
    told = [
        Ending(kind=kind, system=system, label=label, day=_day(ends_at))
        for kind, rows in (("certificate", certificates), ("key", keys))
        for system, label, ends_at in rows[:MOST_ROWS]
    ]
    return tuple(sorted(told, key=lambda each: each.day))


def _alarms(scope: Scope, month: Month) -> tuple[AlarmCount, ...]:
    rows = Alarm.objects.filter(hour__gte=month.begins, hour__lt=month.ends)
    if scope.unit_id:
        own = Service.objects.filter(system__member__unit_id=scope.unit_id).values("code")
        rows = rows.filter(service__in=own)
    found = list(
        rows.order_by()
        .values("service")
        .annotate(hours=Count("pk"), first=Min("hour"), last=Max("hour"))
        .order_by("-hours", "service")[:MOST_ROWS]
    )
    titles = _service_titles([row["service"] for row in found])
    return tuple(
        AlarmCount(
            service=row["service"], title=titles.get(row["service"], ""), hours=row["hours"],
            first_on=_day(row["first"]), last_on=_day(row["last"]),
        )
        for row in found
    )  # fmt: skip


def _day(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).date().isoformat()


def _month_after(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
