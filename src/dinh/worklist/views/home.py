from datetime import datetime

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.worklist.models import WorkItem
from dinh.worklist.queries.items import items_visible_to

PAGE = 50


@signed_in
def my_work(request: StaffRequest) -> HttpResponseBase:
    """Việc của tôi: one list over all modules."""
    page = Paginator(items_visible_to(request.appointment), PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    rows = [(item, _mark(item, now)) for item in page]
    return render(request, "worklist/home.html", {"page": page, "rows": rows})


def _mark(item: WorkItem, now: datetime) -> str:
    if item.due_at is None:
        return ""
    if item.due_at < now:
        return "late"
    return "today" if timezone.localdate(item.due_at) == timezone.localdate(now) else "later"
