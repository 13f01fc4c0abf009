"""The tree of units, and one unit, as of any day."""

from datetime import date

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.queries.tree import chain_above, divisions_as_of, tree_matching, tree_visible_to
from dinh.directory.queries.units import people_of, units_visible_to
from dinh.directory.rules import administers, keeps_directory

PAGE = 50


@require_GET
@signed_in
def unit_list(request: StaffRequest) -> HttpResponseBase:
    """The tree from its roots, or, where something is looked for, what was found."""
    query, day = request.GET.get("q", "").strip(), day_of(request)
    tree = tree_visible_to(request.appointment, day=day)
    found = tree_matching(tree, query, day=day) if query else tree.filter(parent=None)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "count": tree.count(),
        "query": query,
        "day": day,
        "is_today": day == timezone.localdate(),
        "may_edit": keeps_directory(request.appointment),
    }
    return render(request, "directory/units.html", context)


@require_GET
@signed_in
def branch(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    """The units directly below one, for unfolding the tree."""
    day = day_of(request)
    below = tree_visible_to(request.appointment, day=day).filter(parent=unit_id)
    return render(request, "directory/branch.html", {"rows": below, "day": day})


@require_GET
@signed_in
def unit_detail(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = get_object_or_404(units_visible_to(request.appointment), pk=unit_id)
    day = day_of(request)
    tree = tree_visible_to(request.appointment, day=day)
    version = tree.filter(unit=unit).first()
    context = {
        "unit": unit,
        "version": version,
        "above": chain_above(version, day=day) if version else [],
        "day": day,
        "is_today": day == timezone.localdate(),
        "page": Paginator(people_of(unit, day), PAGE).get_page(request.GET.get("page")),
        "identifiers": unit.identifiers.order_by("form", "-valid_from"),
        "versions": unit.versions.select_related("parent").order_by("-valid_from"),
        "successions": unit.successions.select_related("successor"),
        "precessions": unit.precessions.select_related("predecessor"),
        "below": tree.filter(parent=unit)[:200],
        "divisions": divisions_as_of(unit, day),
        "keeps_directory": keeps_directory(request.appointment),
        "administers": administers(request.appointment, unit_id=unit.pk),
    }
    return render(request, "directory/unit.html", context)


def day_of(request: StaffRequest) -> date:
    """The day that the page shall show; today if none or a bad one is given."""
    try:
        given = parse_date(request.GET.get("day", ""))
    except ValueError:
        given = None
    return given or timezone.localdate()
