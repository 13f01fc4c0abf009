"""People, their appointments and their accounts."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import allowed, signed_in
from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.exports import WantedPeople, list_of_people, people_wanted
from dinh.directory.forms.people import (
    AccountForm,
    AppointmentForm,
    ChooseUnitForm,
    EndForm,
    NewPersonForm,
    RolesForm,
)
from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Account, Appointment, Person, Unit
from dinh.directory.operations.accounts import (
    HandedOut,
    open_account,
    reset_password,
    reset_second_factor,
    set_active,
    unlock_account,
)
from dinh.directory.operations.appointments import (
    PersonData,
    Terms,
    end_appointment,
    enter_person,
    give_appointment,
    set_roles,
)
from dinh.directory.operations.second_factor import is_enrolled
from dinh.directory.queries.people import (
    history_of,
    people_visible_to,
    units_of,
)
from dinh.directory.queries.units import units_visible_to
from dinh.directory.rules import administers, administers_anything, keeps_directory, may_manage_person
from dinh.directory.views.form_page import form_page
from dinh.directory.views.units import day_of
from dinh.kernel.components import chips_for
from dinh.kernel.refusals import page_after, refusals_beside, refusals_told

PAGE = 50
both = require_http_methods(["GET", "POST"])


@require_GET
@signed_in
def people(request: StaffRequest) -> HttpResponseBase:
    wanted = _wanted(request)
    query, day, without = wanted.words, wanted.day, wanted.without
    page = Paginator(people_wanted(request.appointment, wanted), PAGE).get_page(request.GET.get("page"))
    kept = {"q": query, "day": request.GET.get("day", "")}
    choices = [("", _("Everybody")), ("none", _("Without a position"))]
    chips = chips_for(name="position", chosen="none" if without else "", choices=choices, others=kept)
    context = {"page": page, "query": query, "day": day, "without": without, "chips": chips}
    context["is_today"] = day == timezone.localdate()
    return render(request, "directory/people.html", context)


@require_GET
@signed_in
def people_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the list shows under these filters, all its pages."""
    with refusals_told(request):
        return list_of_people(request.appointment, _wanted(request), ending=ending, at=timezone.now())
    return page_after(request, f"{reverse('directory:people')}?{request.GET.urlencode()}")


def _wanted(request: StaffRequest) -> WantedPeople:
    return WantedPeople(
        words=request.GET.get("q", "").strip(),
        day=day_of(request),
        without=request.GET.get("position") == "none",
    )


@require_GET
@signed_in
def person(request: StaffRequest, person_id: int) -> HttpResponseBase:
    shown = get_object_or_404(people_visible_to(request.appointment), pk=person_id)
    may_manage = _may_manage(request, shown)
    account = Account.objects.filter(person=shown).first() if may_manage else None
    context = {
        "person": shown,
        "rows": [(row, administers(request.appointment, unit_id=row.unit_id)) for row in history_of(shown)],
        "today": timezone.localdate(),
        "may_manage": may_manage,
        "may_appoint": administers_anything(request.appointment),
        "account": account,
        "is_locked": bool(account and account.locked_until and account.locked_until > timezone.now()),
        "is_enrolled": bool(account and is_enrolled(account)),
    }
    return render(request, "directory/person.html", context)


@both
@allowed(administers_anything)
def new_person(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = _administered_unit(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        terms = _terms(unit, given)
        enter_person(data=PersonData(**given), terms=terms, actor=request.appointment, at=timezone.now())
        return _("%(person)s is entered.") % {"person": given["full_name"]}

    initial = {"start_date": timezone.localdate(), "roles": [Role.SPECIALIST]}
    return form_page(
        request,
        form=NewPersonForm(request.POST or None, unit=unit, initial=initial),
        act=act,
        heading=_("New person"),
        subject=unit.name,
        submit=_("Enter the person"),
        back=reverse("directory:unit", args=[unit.pk]),
    )


@require_GET
@allowed(administers_anything)
def choose_unit(request: StaffRequest, person_id: int) -> HttpResponseBase:
    """Where the person shall be appointed: the administrator's own unit, or any for keepers of the directory."""
    shown = get_object_or_404(people_visible_to(request.appointment), pk=person_id)
    if not keeps_directory(request.appointment):
        return redirect("directory:appoint", shown.pk, request.appointment.unit_id)
    form = ChooseUnitForm(request.GET or None)
    if form.is_valid():
        return redirect("directory:appoint", shown.pk, form.cleaned_data["unit"].pk)
    return render(request, "directory/choose_unit.html", {"form": form, "person": shown})


@both
@allowed(administers_anything)
def appoint(request: StaffRequest, person_id: int, unit_id: int) -> HttpResponseBase:
    shown = get_object_or_404(people_visible_to(request.appointment), pk=person_id)
    unit = _administered_unit(request, unit_id)

    def act(given: dict[str, Any]) -> str:
        terms = _terms(unit, given)
        give_appointment(person_id=shown.pk, terms=terms, actor=request.appointment, at=timezone.now())
        return _("The appointment is entered.")

    initial = {"start_date": timezone.localdate(), "roles": [Role.SPECIALIST]}
    return form_page(
        request,
        form=AppointmentForm(request.POST or None, unit=unit, initial=initial),
        act=act,
        heading=_("New appointment"),
        subject=f"{shown.full_name}, {unit.name}",
        submit=_("Appoint"),
        back=_page_of(shown),
    )


@both
@allowed(administers_anything)
def appointment_end(request: StaffRequest, appointment_id: int) -> HttpResponseBase:
    ending = _appointment(request, appointment_id)

    def act(given: dict[str, Any]) -> str:
        end_appointment(
            appointment_id=ending.pk,
            last_day=given["end_date"],
            actor=request.appointment,
            at=timezone.now(),
        )
        return _("The end of the appointment is entered.")

    return form_page(
        request,
        form=EndForm(request.POST or None, initial={"end_date": timezone.localdate()}),
        act=act,
        heading=_("End the appointment"),
        subject=f"{ending.person.full_name}: {ending.position.name}, {ending.unit.name}",
        notice=_(
            "From the next day on the person can no longer act in it; a day in the past signs out at once."
        ),
        submit=_("End the appointment"),
        back=_page_of(ending.person),
        is_final=True,
    )


@both
@allowed(administers_anything)
def roles(request: StaffRequest, appointment_id: int) -> HttpResponseBase:
    changed = _appointment(request, appointment_id)

    def act(given: dict[str, Any]) -> str:
        wanted = [Role(role) for role in given["roles"]]
        set_roles(appointment_id=changed.pk, roles=wanted, actor=request.appointment, at=timezone.now())
        return _("The roles are changed.")

    return form_page(
        request,
        form=RolesForm(request.POST or None, initial={"roles": changed.roles}),
        act=act,
        heading=_("Roles"),
        subject=f"{changed.person.full_name}: {changed.position.name}, {changed.unit.name}",
        submit=_("Save the roles"),
        back=_page_of(changed.person),
    )


@never_cache
@both
@allowed(administers_anything)
def new_account(request: StaffRequest, person_id: int) -> HttpResponseBase:
    owner = _managed(request, person_id)
    form = AccountForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            username = form.cleaned_data["username"]
            made = open_account(
                person_id=owner.pk, username=username, actor=request.appointment, at=timezone.now()
            )
            return _password_page(request, made)
    return form_page(
        request,
        form=form,
        act=lambda given: "",
        heading=_("New account"),
        subject=owner.full_name,
        submit=_("Create the account"),
        back=_page_of(owner),
    )


@never_cache
@require_POST
@allowed(administers_anything)
def password_reset(request: StaffRequest, person_id: int) -> HttpResponseBase:
    account = _account(request, person_id)
    made = reset_password(account_id=account.pk, actor=request.appointment, at=timezone.now())
    return _password_page(request, made)


@require_POST
@allowed(administers_anything)
def unlock(request: StaffRequest, person_id: int) -> HttpResponseBase:
    account = _account(request, person_id)
    unlock_account(account_id=account.pk, actor=request.appointment, at=timezone.now())
    messages.success(request, _("The account is unlocked."))
    return redirect("directory:person", person_id)


@require_POST
@allowed(administers_anything)
def second_factor_reset(request: StaffRequest, person_id: int) -> HttpResponseBase:
    account = _account(request, person_id)
    reset_second_factor(account_id=account.pk, actor=request.appointment, at=timezone.now())
    messages.success(request, _("The second factor is removed. The person sets it up again on signing in."))
    return redirect("directory:person", person_id)


@require_POST
@allowed(administers_anything)
def account_state(request: StaffRequest, person_id: int) -> HttpResponseBase:
    account, wanted = _account(request, person_id), request.POST.get("active") == "1"
    with refusals_told(request):
        set_active(account_id=account.pk, is_active=wanted, actor=request.appointment, at=timezone.now())
        messages.success(request, _("The account is enabled.") if wanted else _("The account is disabled."))
    return page_after(request, "directory:person", person_id)


def _terms(unit: Unit, given: dict[str, Any]) -> Terms:
    """Takes the terms of an appointment out of what was filled in; the rest stays."""
    division = given.pop("division_id")
    return Terms(
        unit_id=unit.pk,
        division_id=division.pk if division else None,
        position_id=given.pop("position_id").pk,
        kind=AppointmentKind(given.pop("kind")),
        roles=[Role(role) for role in given.pop("roles")],
        start_date=given.pop("start_date"),
        end_date=given.pop("end_date"),
        legal_basis=given.pop("legal_basis"),
    )


def _administered_unit(request: StaffRequest, unit_id: int) -> Unit:
    unit = get_object_or_404(units_visible_to(request.appointment), pk=unit_id)
    if not administers(request.appointment, unit_id=unit.pk):
        raise Http404
    return unit


def _appointment(request: StaffRequest, appointment_id: int) -> Appointment:
    rows = Appointment.objects.select_related("person", "unit", "position")
    appointment = get_object_or_404(rows, pk=appointment_id)
    if not administers(request.appointment, unit_id=appointment.unit_id):
        raise Http404
    return appointment


def _may_manage(request: StaffRequest, owner: Person) -> bool:
    if not administers_anything(request.appointment):
        return False
    return may_manage_person(request.appointment, unit_ids=units_of(owner.pk, today=timezone.localdate()))


def _managed(request: StaffRequest, person_id: int) -> Person:
    owner = get_object_or_404(people_visible_to(request.appointment), pk=person_id)
    if not _may_manage(request, owner):
        raise Http404
    return owner


def _account(request: StaffRequest, person_id: int) -> Account:
    return get_object_or_404(Account, person=_managed(request, person_id))


def _password_page(request: StaffRequest, made: HandedOut) -> HttpResponse:
    return render(request, "directory/handed_out.html", {"made": made, "person": made.account.person})


def _page_of(shown: Person) -> str:
    return reverse("directory:person", args=[shown.pk])
