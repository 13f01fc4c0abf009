from datetime import date

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.queries.units import people_of, units_matching, units_visible_to, versions_as_of

PAGE = 50


@signed_in
def unit_list(request: StaffRequest) -> HttpResponseBase:
    query, day = request.GET.get("q", "").strip(), _day(request)
    found = units_matching(units_visible_to(request.appointment), query)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    names = versions_as_of([unit.pk for unit in page], day)
    rows = [(unit, names.get(unit.pk)) for unit in page]
    context = {"page": page, "rows": rows, "query": query, "day": day}
    return render(request, "directory/units.html", context)


@signed_in
def unit_detail(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = get_object_or_404(units_visible_to(request.appointment), pk=unit_id)
    people = Paginator(people_of(unit, timezone.localdate()), PAGE).get_page(request.GET.get("page"))
    context = {
        "unit": unit,
        "page": people,
        "identifiers": unit.identifiers.order_by("form", "-valid_from"),
        "versions": unit.versions.select_related("parent").order_by("-valid_from"),
        "children": unit.children.order_by("sort_order")[:200],
        "divisions": unit.divisions.all(),
    }
    return render(request, "directory/unit.html", context)


def _day(request: StaffRequest) -> date:
    try:
        given = parse_date(request.GET.get("day", ""))
    except ValueError:
        given = None
    return given or timezone.localdate()
