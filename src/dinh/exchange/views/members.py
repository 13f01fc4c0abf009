"""Members, for the platform's keeper: who they are, and what becomes of them."""

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.exchange.operations import members as operations
from dinh.exchange.queries.registry import members_matching, members_visible_to
from dinh.exchange.rules import keeps_exchange
from dinh.exchange.trace import trace_for
from dinh.exchange.views.acting import told_on
from dinh.kernel.errors import InvalidInput
from dinh.kernel.refusals import page_after

PAGE = 50
ACTS = ("rename", "end", "suspend", "resume")


@allowed(keeps_exchange)
@require_safe
def members(request: StaffRequest) -> HttpResponseBase:
    """All of them, also those that ended."""
    text = request.GET.get("q", "").strip()
    found = members_matching(members_visible_to(request.appointment), text)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": text,
        "today": timezone.localdate(),
    }
    return render(request, "exchange/members.html", context)


@allowed(keeps_exchange)
@require_safe
def member(request: StaffRequest, member_id: int) -> HttpResponseBase:
    found = get_object_or_404(members_visible_to(request.appointment), pk=member_id)
    context = {
        "member": found,
        "systems": found.systems.all(),
        "trace": trace_for(found),
        "has_ended": found.valid_to is not None and found.valid_to < timezone.localdate(),
    }
    return render(request, "exchange/member.html", context)


@require_POST
@allowed(keeps_exchange)
def change_member(request: StaffRequest, member_id: int, act: str) -> HttpResponseBase:
    """Rename, end, suspend, resume."""
    if act not in ACTS:
        raise Http404
    told_on(request, lambda: _changed(request, member_id, act))
    return page_after(request, "exchange:member", member_id)


def _changed(request: StaffRequest, member_id: int, act: str) -> object:
    """:raises DomainError:"""
    own, at, given = request.appointment, timezone.now(), request.POST
    if act == "rename":
        return operations.rename_member(member_id=member_id, name=given.get("name", ""), actor=own, at=at)
    if act == "end":
        return operations.end_member(
            member_id=member_id, last_day=_day(given.get("last_day", "")), actor=own, at=at
        )
    move = operations.suspend_member if act == "suspend" else operations.resume_member
    return move(member_id=member_id, reason=given.get("reason", ""), actor=own, at=at)


def _day(text: str) -> date:
    """:raises InvalidInput:"""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise InvalidInput(_("Choose a day."), field="last_day")
    return day
