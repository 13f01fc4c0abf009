"""Named groups of recipients (nhóm nơi nhận): the unit's own, and those of the province for its keeper."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import UnitGroup
from dinh.directory.operations.groups import GroupContent, change_group, delete_group, save_group
from dinh.directory.queries.groups import groups_visible_to
from dinh.directory.rules import keeps_directory, may_keep_group
from dinh.documents.forms.drafting import Row, rows_given
from dinh.documents.forms.groups import GroupForm
from dinh.documents.queries.drafting import groups_for
from dinh.documents.views.picking import is_picking, picker, unit_ids_of
from dinh.kernel.errors import DomainError, InvalidInput
from dinh.kernel.refusals import add_faults, page_after, refusals_told

Act = Callable[[GroupContent, bool], UnitGroup]


@require_GET
@signed_in
def group_list(request: StaffRequest) -> HttpResponse:
    """The groups that the unit's letters can be sent to, with how many units each has today."""
    amounts = {each.pk: len(each.unit_ids) for each in groups_for(request.appointment.unit)}
    groups = [
        (each, amounts.get(each.pk, 0), may_keep_group(request.appointment, owner_id=each.owner_id))
        for each in groups_visible_to(request.appointment)
    ]
    return render(request, "documents/groups/list.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
@signed_in
def group_new(request: StaffRequest) -> HttpResponse:
    """Make a group of units, or of a level and bloc."""

    def act(content: GroupContent, is_provincial: bool) -> UnitGroup:
        return save_group(
            content=content, actor=request.appointment, at=timezone.now(), is_provincial=is_provincial
        )

    return _form_page(request, act, None)


@require_http_methods(["GET", "POST"])
@signed_in
def group_change(request: StaffRequest, group_id: int) -> HttpResponse:
    """Another name, rule or other members."""
    group = groups_visible_to(request.appointment).prefetch_related("members").filter(pk=group_id).first()
    if group is None or not may_keep_group(request.appointment, owner_id=group.owner_id):
        raise Http404

    def act(content: GroupContent, _is_provincial: bool) -> UnitGroup:
        return change_group(group_id=group_id, content=content, actor=request.appointment, at=timezone.now())

    return _form_page(request, act, group)


@require_POST
@signed_in
def group_delete(request: StaffRequest, group_id: int) -> HttpResponse:
    """Take a group away."""
    with refusals_told(request):
        delete_group(group_id=group_id, actor=request.appointment, at=timezone.now())
        messages.success(request, _("The group is deleted. Letters keep their recipients."))
    return page_after(request, "documents:group_list")


def _form_page(request: StaffRequest, act: Act, group: UnitGroup | None) -> HttpResponse:
    is_sent = request.method == "POST" and not is_picking(request)
    form = GroupForm(
        request.POST if is_sent else None,
        initial=request.POST.dict() or _values_of(group),
        may_be_provincial=group is None and keeps_directory(request.appointment),
    )
    fault: DomainError | None
    rows, fault = _rows(request, group)
    if is_sent and form.is_valid() and fault is None:
        try:
            done = act(
                _content(request, form.cleaned_data, rows), form.cleaned_data.get("is_provincial", False)
            )
        except DomainError as refusal:
            add_faults(form, refusal)
            fault = refusal
        else:
            messages.success(request, _("The group “%(name)s” is saved.") % {"name": done.name})
            return redirect("documents:group_list")
    units_fault = next((each.message for each in fault.faults if each.field == "units"), "") if fault else ""
    context = {"form": form, "group": group, "units_fault": units_fault, **picker(request, rows)}
    return render(
        request,
        "documents/groups/form.html",
        context | {"only_units": True},
        status=422 if is_sent or fault else 200,
    )


def _content(request: StaffRequest, given: dict[str, Any], rows: list[Row]) -> GroupContent:
    unit_ids = unit_ids_of(rows, groups_for(request.appointment.unit))
    return GroupContent(name=given["name"], level=given["level"], bloc=given["bloc"], unit_ids=unit_ids)


def _values_of(group: UnitGroup | None) -> dict[str, str]:
    return {"name": group.name, "level": group.level, "bloc": group.bloc} if group else {}


def _rows(request: StaffRequest, group: UnitGroup | None) -> tuple[list[Row], InvalidInput | None]:
    if request.method != "POST":
        members = group.members.all() if group else []
        return [Row(f"unit:{unit.pk}", unit.name) for unit in members], None
    try:
        return rows_given(request.POST, groups_for(request.appointment.unit)), None
    except InvalidInput as wrong:
        return [], wrong
