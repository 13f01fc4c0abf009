"""Changing the tree: units, their codes and divisions, and the titles that can be held."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import allowed
from dinh.directory.enums import IdentifierForm
from dinh.directory.forms.structure import (
    DissolveForm,
    DivisionForm,
    FromDayForm,
    IdentifierCodeForm,
    LastDayForm,
    NewUnitForm,
    PositionForm,
    UnitNamesForm,
)
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Division, Position, Unit, UnitIdentifier
from dinh.directory.operations.divisions import (
    add_position,
    change_division,
    close_division,
    found_division,
    retire_position,
)
from dinh.directory.operations.identifiers import end_identifier, give_identifier
from dinh.directory.operations.structure import UnitNames, change_unit, dissolve_unit, found_unit
from dinh.directory.queries.units import units_visible_to
from dinh.directory.rules import administers, administers_anything, keeps_directory
from dinh.directory.views.form_page import form_page

both = require_http_methods(["GET", "POST"])


@both
@allowed(keeps_directory)
def found(request: StaffRequest) -> HttpResponseBase:
    def act(given: dict[str, Any]) -> str:
        names = _names(given)
        unit = found_unit(names=names, **given, actor=request.appointment, at=timezone.now())
        return _("%(unit)s is entered.") % {"unit": unit.name}

    return form_page(
        request,
        form=NewUnitForm(request.POST or None, initial={"valid_from": timezone.localdate()}),
        act=act,
        heading=_("New unit"),
        submit=_("Enter the unit"),
        back=reverse("directory:units"),
    )


@both
@allowed(keeps_directory)
def change(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = _unit(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        names = _names(given)
        change_unit(unit_id=unit.pk, names=names, **given, actor=request.appointment, at=timezone.now())
        return _("The change is entered.")

    fields = ("name", "short_name", "abbreviation", "parent_id")
    initial = {field: getattr(unit, field) for field in fields} | {"valid_from": timezone.localdate()}
    return form_page(
        request,
        form=UnitNamesForm(request.POST or None, initial=initial),
        act=act,
        heading=_("Rename or move the unit"),
        subject=unit.name,
        notice=_("Documents keep the name of their day. On the day of an earlier change this corrects it."),
        submit=_("Enter the change"),
        back=_page_of(unit),
    )


@both
@allowed(keeps_directory)
def dissolve(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = _unit(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        successors = [successor.pk for successor in given.pop("successor_ids")]
        dissolve_unit(
            unit_id=unit.pk, successor_ids=successors, **given, actor=request.appointment, at=timezone.now()
        )
        return _("The end of the unit is entered.")

    return form_page(
        request,
        form=DissolveForm(request.POST or None, initial={"valid_from": timezone.localdate()}),
        act=act,
        heading=_("Dissolve or merge the unit"),
        subject=unit.name,
        notice=_(
            "Its codes, divisions and appointments end on the day before; their holders are signed out."
        ),
        submit=_("Dissolve the unit"),
        back=_page_of(unit),
        is_final=True,
    )


@both
@allowed(keeps_directory)
def new_identifier(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = _unit(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        form = IdentifierForm(given.pop("form"))
        give_identifier(unit_id=unit.pk, form=form, **given, actor=request.appointment, at=timezone.now())
        return _("The code is entered.")

    return form_page(
        request,
        form=IdentifierCodeForm(request.POST or None, initial={"valid_from": timezone.localdate()}),
        act=act,
        heading=_("New identifier code"),
        subject=unit.name,
        submit=_("Enter the code"),
        back=_page_of(unit),
    )


@both
@allowed(keeps_directory)
def identifier_end(request: StaffRequest, identifier_id: int) -> HttpResponseBase:
    identifier = get_object_or_404(UnitIdentifier.objects.select_related("unit"), pk=identifier_id)

    def act(given: dict[str, Any]) -> str:
        end_identifier(
            identifier_id=identifier.pk,
            last_day=given["valid_to"],
            actor=request.appointment,
            at=timezone.now(),
        )
        return _("The last day of the code is entered.")

    return form_page(
        request,
        form=LastDayForm(request.POST or None, initial={"valid_to": timezone.localdate()}),
        act=act,
        heading=_("End the identifier code"),
        subject=f"{identifier.value}, {identifier.unit.name}",
        submit=_("Enter the last day"),
        back=_page_of(identifier.unit),
    )


@both
@allowed(administers_anything)
def new_division(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = _administered(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        found_division(unit_id=unit.pk, **given, actor=request.appointment, at=timezone.now())
        return _("The division is entered.")

    return form_page(
        request,
        form=DivisionForm(request.POST or None, initial={"valid_from": timezone.localdate()}),
        act=act,
        heading=_("New division"),
        subject=unit.name,
        submit=_("Enter the division"),
        back=_page_of(unit),
    )


@both
@allowed(administers_anything)
def division_change(request: StaffRequest, division_id: int) -> HttpResponseBase:
    division = _division(request, division_id)

    def act(given: dict[str, Any]) -> str:
        change_division(division_id=division.pk, **given, actor=request.appointment, at=timezone.now())
        return _("The change is entered.")

    initial = {
        "name": division.name,
        "abbreviation": division.abbreviation,
        "valid_from": timezone.localdate(),
    }
    return form_page(
        request,
        form=DivisionForm(request.POST or None, initial=initial),
        act=act,
        heading=_("Rename the division"),
        subject=f"{division.name}, {division.unit.name}",
        submit=_("Enter the change"),
        back=_page_of(division.unit),
    )


@both
@allowed(administers_anything)
def division_close(request: StaffRequest, division_id: int) -> HttpResponseBase:
    division = _division(request, division_id)

    def act(given: dict[str, Any]) -> str:
        close_division(division_id=division.pk, **given, actor=request.appointment, at=timezone.now())
        return _("The end of the division is entered.")

    return form_page(
        request,
        form=FromDayForm(request.POST or None, initial={"valid_from": timezone.localdate()}),
        act=act,
        heading=_("Dissolve the division"),
        subject=f"{division.name}, {division.unit.name}",
        submit=_("Dissolve the division"),
        back=_page_of(division.unit),
        is_final=True,
    )


@require_GET
@allowed(keeps_directory)
def positions(request: StaffRequest) -> HttpResponseBase:
    return render(request, "directory/position_titles.html", {"positions": Position.objects.all()})


@both
@allowed(keeps_directory)
def new_position(request: StaffRequest) -> HttpResponseBase:
    def act(given: dict[str, Any]) -> str:
        add_position(**given, actor=request.appointment, at=timezone.now())
        return _("The position is entered.")

    return form_page(
        request,
        form=PositionForm(request.POST or None),
        act=act,
        heading=_("New position"),
        submit=_("Enter the position"),
        back=reverse("directory:position_titles"),
    )


@require_POST
@allowed(keeps_directory)
def position_retire(request: StaffRequest, position_id: int) -> HttpResponse:
    position = get_object_or_404(Position, pk=position_id)
    retire_position(position_id=position.pk, actor=request.appointment, at=timezone.now())
    messages.success(request, _("The position is retired."))
    return redirect("directory:position_titles")


def _names(given: dict[str, Any]) -> UnitNames:
    """Takes the names out of what was filled in; the rest stays."""
    parent = given.pop("parent_id")
    called = {field: given.pop(field) for field in ("name", "short_name", "abbreviation")}
    return UnitNames(**called, parent_id=parent.pk if parent else None)


def _unit(request: StaffRequest, unit_id: int) -> Unit:
    return get_object_or_404(units_visible_to(request.appointment), pk=unit_id)


def _administered(request: StaffRequest, unit_id: int) -> Unit:
    unit = _unit(request, unit_id)
    if not administers(request.appointment, unit_id=unit.pk):
        raise Http404
    return unit


def _division(request: StaffRequest, division_id: int) -> Division:
    division = get_object_or_404(Division.objects.select_related("unit"), pk=division_id)
    if not administers(request.appointment, unit_id=division.unit_id):
        raise Http404
    return division


def _page_of(unit: Unit) -> str:
    return reverse("directory:unit", args=[unit.pk])
