from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.components import chips_for
from dinh.notify.operations.reading import mark_all_read, mark_read
from dinh.notify.queries.notifications import amount_unread, notifications_visible_to

PAGE = 50


@require_GET
@signed_in
def notifications(request: StaffRequest) -> HttpResponseBase:
    """Thông báo: what one was told."""
    show = "unread" if request.GET.get("show") == "unread" else ""
    told = notifications_visible_to(request.appointment)
    page = Paginator(told.filter(read_at=None) if show else told, PAGE).get_page(request.GET.get("page"))
    choices = [("", _("All")), ("unread", _("Unread"))]
    chips = chips_for(name="show", chosen=show, choices=choices, others={})
    return render(request, "notify/notifications.html", {"page": page, "chips": chips})


@never_cache
@require_GET
@signed_in
def bell(request: StaffRequest) -> HttpResponseBase:
    """The bell alone, asked for once a minute by every open page."""
    return render(request, "notify/bell.html", {"value": amount_unread(request.appointment)})


@require_POST
@signed_in
def open_one(request: StaffRequest, notification_id: int) -> HttpResponseBase:
    told = mark_read(notification_id=notification_id, actor=request.appointment, at=timezone.now())
    return redirect(told.url)


@require_POST
@signed_in
def read_all(request: StaffRequest) -> HttpResponseBase:
    mark_all_read(actor=request.appointment, at=timezone.now())
    return redirect("notify:list")
