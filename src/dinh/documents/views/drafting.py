"""Writing the documents that go out."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment, Unit, UnitGroup
from dinh.documents.enums import Urgency
from dinh.documents.letters import document_types
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.queries.incoming import get_incoming
from dinh.kernel.errors import DomainError, InvalidInput, NotFound


@require_http_methods(["GET", "POST"])
@signed_in
def outgoing_new(request: StaffRequest) -> HttpResponse:
    """A new draft; a refusal is told above the form, which keeps what was written."""
    if request.method == "POST":
        try:
            outgoing = _create(request)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            _lay_out(request, outgoing)
            return redirect("documents:outgoing", outgoing.pk)
    try:
        context = _choices(request)
    except NotFound as missing:
        raise Http404 from missing
    return render(request, "documents/drafting/new.html", context)


def _lay_out(request: StaffRequest, outgoing: Outgoing) -> None:
    last = outgoing.versions.last()
    if last is None or last.pdf_id is not None:
        return
    try:
        render_version(last)
    except DomainError as refusal:
        messages.error(request, str(refusal))


def _create(request: StaffRequest) -> Outgoing:
    given = request.POST
    people = {str(person.pk): person for person in _colleagues(request)}
    leader = people.get(given.get("leader", ""))
    if leader is None:
        raise InvalidInput(_("Choose who signs."), field="leader")
    reviewer = people.get(given.get("reviewer", ""))
    plan = DraftPlan(
        type_code=given.get("type_code", ""),
        subject=given.get("subject", ""),
        paragraphs=given.get("text", "").splitlines(),
        recipients=[WantedRecipient(unit_id=unit) for unit in _recipients(request)],
        urgency=_whole(given.get("urgency", "0")),
        leader=leader,
        initials=[reviewer] if reviewer else [],
    )
    return create_draft(drafter=request.appointment, plan=plan, at=timezone.now(), reply_to=_replied(request))


def _replied(request: StaffRequest) -> Incoming | None:
    """The document that the draft answers (`reply_to`), None where it answers none."""
    given = request.POST.get("reply_to") or request.GET.get("reply_to", "")
    return get_incoming(_whole(given), request.appointment) if given else None


def _recipients(request: StaffRequest) -> list[int]:
    chosen = [_whole(value) for value in request.POST.getlist("units")]
    wanted = [_whole(value) for value in request.POST.getlist("groups")]
    for group in _groups(request).filter(pk__in=wanted):
        chosen += [unit.pk for unit in _members(group) if unit.pk != request.appointment.unit_id]
    return chosen


def _members(group: UnitGroup) -> list[Unit]:
    members = list(group.members.all())
    if members or not (group.level or group.bloc):
        return members
    rule = {key: value for key, value in (("level", group.level), ("bloc", group.bloc)) if value}
    return list(Unit.objects.filter(dissolved_date=None, **rule))


def _groups(request: StaffRequest) -> QuerySet[UnitGroup]:
    own = Q(owner=None) | Q(owner=request.appointment.unit_id)
    return UnitGroup.objects.filter(own).prefetch_related("members")


def _colleagues(request: StaffRequest) -> list[Appointment]:
    today = timezone.localdate()
    holds = Q(end_date=None) | Q(end_date__gte=today)
    people = Appointment.objects.filter(holds, unit=request.appointment.unit_id, start_date__lte=today)
    return list(people.select_related("person", "position"))


def _choices(request: StaffRequest) -> dict[str, Any]:
    people = _colleagues(request)
    leaders = [each for each in people if each.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY)]
    leaders.sort(key=lambda each: not each.has_role(Role.UNIT_HEAD))
    own = request.appointment.unit
    replied = _replied(request)
    return {
        "types": document_types(bloc=own.bloc, on=timezone.localdate()),
        "urgencies": Urgency.choices,
        "leaders": leaders,
        "reviewers": [each for each in people if each.pk != request.appointment.pk],
        "groups": _groups(request),
        "units": Unit.objects.filter(dissolved_date=None).exclude(pk=own.pk),
        "given": request.POST,
        "chosen_units": request.POST.getlist("units") or _asking_unit(replied),
        "replied": replied,
        "chosen_groups": request.POST.getlist("groups"),
    }


def _asking_unit(replied: Incoming | None) -> list[str]:
    return [str(replied.document.issuer_id)] if replied and replied.document.issuer_id else []


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise InvalidInput(_("Choose from the lists."), field="recipients")
    return int(text)
