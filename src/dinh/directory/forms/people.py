"""Input about people, their appointments and accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.forms.structure import unit_choice
from dinh.directory.forms.widgets import DayField, choice, email, sex, text
from dinh.directory.models import Division, Position, Unit


class RolesField(forms.MultipleChoiceField):
    def __init__(self) -> None:
        widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
        super().__init__(label=_("Roles"), choices=Role.choices, widget=widget)


class AppointmentForm(forms.Form):
    """For one unit, whose divisions it offers."""

    position_id = forms.ModelChoiceField(
        label=_("Position"),
        queryset=Position.objects.filter(is_active=True),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    division_id = forms.ModelChoiceField(
        label=_("Division"),
        required=False,
        queryset=Division.objects.none(),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    kind = choice(_("Kind"), AppointmentKind.choices)
    roles = RolesField()
    start_date = DayField(label=_("From"))
    end_date = DayField(label=_("Last day"), required=False)
    legal_basis = text(_("Decision"), 120, required=False)

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        divisions = self.fields["division_id"]
        if isinstance(divisions, forms.ModelChoiceField):
            divisions.queryset = unit.divisions.filter(is_active=True)


class NewPersonForm(AppointmentForm):
    code = text(_("Official's code"), 20)
    full_name = text(_("Full name"), 80)
    is_female = sex()
    birth_date = DayField(label=_("Date of birth"), required=False)
    email = email(required=False)
    phone = text(_("Telephone"), 20, required=False)
    field_order = ("code", "full_name", "is_female", "birth_date", "email", "phone")


class ChooseUnitForm(forms.Form):
    unit = unit_choice(_("Unit"), required=True)


class EndForm(forms.Form):
    end_date = DayField(label=_("Last day"))


class RolesForm(forms.Form):
    roles = RolesField()


class AccountForm(forms.Form):
    username = text(_("Username"), 80)
