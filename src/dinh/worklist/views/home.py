from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.components import Chip, Words, chips_for
from dinh.worklist.deadlines import mark_of, time_left
from dinh.worklist.kinds import label_of
from dinh.worklist.models import WorkItem
from dinh.worklist.queries.delegations import StandIn, stand_ins_of
from dinh.worklist.queries.items import (
    LATE,
    LATER,
    OPEN,
    TODAY,
    WEEK,
    amounts_waiting,
    group_of,
    holder_of,
    items_visible_to,
    late_of_others,
    on_behalf_of,
    within_group,
)
from dinh.worklist.rules import leads_others

PAGE = 50
GROUPS: Final[dict[str, Promise]] = {
    LATE: gettext_lazy("Late"),
    TODAY: gettext_lazy("Today"),
    WEEK: gettext_lazy("This week"),
    LATER: gettext_lazy("Later"),
    OPEN: gettext_lazy("Without a deadline"),
}
URGENCIES: Final[dict[int, Promise]] = {
    1: gettext_lazy("Urgent"),
    2: gettext_lazy("Very urgent"),
    3: gettext_lazy("Most urgent"),
}


@dataclass(frozen=True)
class Row:
    item: WorkItem
    group: str
    group_label: Promise
    tone: str
    kind: str
    urgency: Words
    left: str
    on_behalf_of: str


@require_GET
@signed_in
def my_work(request: StaffRequest) -> HttpResponseBase:
    """Việc của tôi: one list over all modules."""
    now, filters = timezone.now(), _filters(request)
    others = stand_ins_of(request.appointment, today=timezone.localdate(now))
    waiting = items_visible_to(request.appointment, stand_ins=others)
    amounts = amounts_waiting(request.appointment, stand_ins=others)
    chosen = within_group(waiting, filters["when"], now=now)
    if filters["kind"]:
        chosen = chosen.filter(kind=filters["kind"])
    if filters["urgent"]:
        chosen = chosen.filter(urgency__gt=0)
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_row(item, request, others, now) for item in page],
        "total": sum(amounts.values()),
        "is_filtered": any(filters.values()),
        "leads_others": leads_others(request.appointment),
        "kind_chips": _kind_chips(amounts, filters),
        "when_chips": _when_chips(filters),
    }
    return render(request, "worklist/home.html", context)


@require_GET
@allowed(leads_others)
def late_work(request: StaffRequest) -> HttpResponseBase:
    """What others leave late, for those who were told of it."""
    now = timezone.now()
    page = Paginator(late_of_others(request.appointment), PAGE).get_page(request.GET.get("page"))
    rows = [
        (item, label_of(item.kind), time_left(item.due_at, now=now) if item.due_at else "", holder_of(item))
        for item in page
    ]
    return render(request, "worklist/late_of_others.html", {"page": page, "rows": rows})


def _filters(request: StaffRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("when", "kind", "urgent")}


def _kind_chips(amounts: dict[str, int], filters: dict[str, str]) -> list[Chip]:
    choices = [("", _("All kinds")), *sorted((kind, label_of(kind)) for kind in amounts)]
    chips = chips_for(name="kind", chosen=filters["kind"], choices=choices, others=filters)
    counts = [None, *(amounts[kind] for kind, _label in choices[1:])]
    return [Chip(c.url, c.label, c.is_on, n) for c, n in zip(chips, counts, strict=True)]


def _when_chips(filters: dict[str, str]) -> list[Chip]:
    choices: list[tuple[str, Words]] = [("", _("Any time")), *GROUPS.items()]
    chips = chips_for(name="when", chosen=filters["when"], choices=choices, others=filters)
    urgent = "" if filters["urgent"] else "1"
    (toggle,) = chips_for(
        name="urgent", chosen="1" if not urgent else "-", choices=[(urgent, _("Urgent only"))], others=filters
    )
    return [*chips, Chip(toggle.url, toggle.label, bool(filters["urgent"]))]


def _row(item: WorkItem, request: StaffRequest, others: Sequence[StandIn], now: datetime) -> Row:
    group = group_of(item, now=now)
    return Row(
        item=item,
        group=group,
        group_label=GROUPS[group],
        tone=mark_of(item.due_at, now=now),
        kind=label_of(item.kind),
        urgency=URGENCIES.get(item.urgency, ""),
        left=time_left(item.due_at, now=now),
        on_behalf_of=on_behalf_of(item, request.appointment, others),
    )
