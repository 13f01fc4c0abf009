"""Pages that say how a unit and a person are reached."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dinh.directory.access import allowed
from dinh.directory.forms.changes import PersonDetailsForm, UnitContactForm
from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.contacts import (
    PersonDetails,
    UnitContact,
    change_person,
    change_unit_contact,
)
from dinh.directory.queries.people import people_visible_to, units_of
from dinh.directory.queries.units import units_visible_to
from dinh.directory.rules import administers, administers_anything, may_manage_person
from dinh.directory.views.form_page import form_page

both = require_http_methods(["GET", "POST"])


@both
@allowed(administers_anything)
def unit_contact(request: StaffRequest, unit_id: int) -> HttpResponseBase:
    unit = get_object_or_404(units_visible_to(request.appointment), pk=unit_id)
    if not administers(request.appointment, unit_id=unit.pk):
        raise Http404

    def act(given: dict[str, Any]) -> str:
        contact = UnitContact(**given)
        change_unit_contact(unit_id=unit.pk, contact=contact, actor=request.appointment, at=timezone.now())
        return _("The contact is changed.")

    initial = {field: getattr(unit, field) for field in UnitContactForm.base_fields}
    return form_page(
        request,
        form=UnitContactForm(request.POST or None, initial=initial),
        act=act,
        heading=_("Change the contact"),
        subject=unit.name,
        submit=_("Enter the change"),
        back=reverse("directory:unit", args=[unit.pk]),
    )


@both
@allowed(administers_anything)
def person_details(request: StaffRequest, person_id: int) -> HttpResponseBase:
    person = get_object_or_404(people_visible_to(request.appointment), pk=person_id)
    units = units_of(person.pk, today=timezone.localdate())
    if not may_manage_person(request.appointment, unit_ids=units):
        raise Http404

    def act(given: dict[str, Any]) -> str:
        details = PersonDetails(**given)
        change_person(person_id=person.pk, details=details, actor=request.appointment, at=timezone.now())
        return _("The person's details are corrected.")

    initial = {field: getattr(person, field) for field in PersonDetailsForm.base_fields}
    initial["is_female"] = "1" if person.is_female else "0"
    return form_page(
        request,
        form=PersonDetailsForm(request.POST or None, initial=initial),
        act=act,
        heading=_("Correct name and contact"),
        subject=person.code,
        notice=_("Signed documents and the log keep the name of their day."),
        submit=_("Enter the change"),
        back=reverse("directory:person", args=[person.pk]),
    )
