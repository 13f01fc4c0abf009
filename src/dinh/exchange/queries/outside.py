"""Which outside services the province relies on, and how they fare."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Subquery

from dinh.exchange.enums import Outcome, VersionState
from dinh.exchange.models import Exchange, Service, ServiceVersion
from dinh.exchange.outside import OUTSIDE_SERVICES, OutsideService
from dinh.exchange.queries.measures import TRIAL

LOOKED_BACK: Final = timedelta(days=7)
"""How far back a good answer is looked for."""


@dataclass(frozen=True, slots=True)
class OutsideConnection:
    """
    :param rule: whose it is on the day, where and under which version
    :param version: what is registered for it, None if nothing is
    :param last: the last call, whoever made it
    :param last_good_at: when it last answered, within a week
    """

    rule: OutsideService
    version: ServiceVersion | None
    last: Exchange | None
    last_good_at: datetime | None

    @property
    def is_connected(self) -> bool:
        return self.version is not None and self.version.state != VersionState.RETIRED

    @property
    def has_other_owner(self) -> bool:
        """Whether the registry still names another owner than the rule."""
        if self.version is None:
            return False
        return self.version.service.system.member.code != self.rule.owner_code


def outside_connections(*, on: date, at: datetime) -> list[OutsideConnection]:
    """All that the rules of a day name, in three statements."""
    rules = OUTSIDE_SERVICES.on(on)
    codes = [rule.service for rule in rules]
    calls = _last_calls(codes, at)
    last = Exchange.objects.in_bulk([pk for pk, _good_at in calls.values() if pk])
    versions = ServiceVersion.objects.filter(service__code__in=codes).select_related(
        "service__system__member"
    )
    known = {(row.service.code, row.version): row for row in versions}
    return [
        OutsideConnection(
            rule,
            known.get((rule.service, rule.version)),
            last.get(calls[rule.service][0]) if rule.service in calls else None,
            calls[rule.service][1] if rule.service in calls else None,
        )
        for rule in rules
    ]


def _last_calls(codes: list[str], at: datetime) -> dict[str, tuple[UUID, datetime | None]]:
    """Of each service the last call, and when one was last answered."""
    calls = Exchange.objects.filter(service=OuterRef("code")).exclude(TRIAL).order_by("-started_at")
    good = calls.filter(outcome=Outcome.DELIVERED, status__lt=500, started_at__gte=at - LOOKED_BACK)
    rows = Service.objects.filter(code__in=codes).values_list(
        "code", Subquery(calls.values("pk")[:1]), Subquery(good.values("started_at")[:1])
    )
    return {code: (last_id, good_at) for code, last_id, good_at in rows}
