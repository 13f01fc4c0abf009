"""Input about units, codes and divisions."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc, IdentifierForm, Level
from dinh.directory.forms.widgets import DayField, choice, text
from dinh.directory.models import Unit

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def unit_choice(label: "str | _StrPromise", *, required: bool) -> forms.Field:
    """A unit that exists today, by its full name."""
    units = Unit.objects.filter(dissolved_date=None).order_by("sort_order")
    widget = forms.Select(attrs={"class": "form-select", "data-filter": _("Type to narrow the list")})
    return forms.ModelChoiceField(label=label, required=required, queryset=units, widget=widget)


class UnitNamesForm(forms.Form):
    name = text(_("Official name"), 200)
    short_name = text(_("Short name"), 80)
    abbreviation = text(_("Abbreviation in notations"), 30)
    parent_id = unit_choice(_("Parent unit"), required=False)
    valid_from = DayField(label=_("In force from"))
    legal_basis = text(_("Decision"), 200, required=False)


class NewUnitForm(UnitNamesForm):
    bloc = choice(_("Bloc"), Bloc.choices)
    level = choice(_("Level"), Level.choices)
    place = text(_("Place name in letters"), 80)
    field_order = ("name", "short_name", "abbreviation", "bloc", "level", "place", "parent_id")


class DissolveForm(forms.Form):
    valid_from = DayField(label=_("Exists no longer from"))
    successor_ids = forms.ModelMultipleChoiceField(
        label=_("Successors"),
        required=False,
        queryset=Unit.objects.filter(dissolved_date=None).order_by("sort_order"),
        widget=forms.SelectMultiple(
            attrs={"class": "form-select", "size": 10, "data-filter": _("Type to narrow the list")}
        ),
        help_text=_("None if its work ends. Exactly one takes over the units below it."),
    )
    legal_basis = text(_("Decision"), 200, required=False)


class IdentifierCodeForm(forms.Form):
    form = choice(_("Form"), IdentifierForm.choices)
    value = text(_("Code"), 35)
    valid_from = DayField(label=_("In force from"))
    valid_to = DayField(label=_("Last day"), required=False)


class LastDayForm(forms.Form):
    valid_to = DayField(label=_("Last day"))


class DivisionForm(forms.Form):
    name = text(_("Official name"), 200)
    abbreviation = text(_("Abbreviation in notations"), 30)
    valid_from = DayField(label=_("In force from"))
    legal_basis = text(_("Decision"), 200, required=False)


class FromDayForm(forms.Form):
    valid_from = DayField(label=_("Exists no longer from"))


class PositionForm(forms.Form):
    name = text(_("Name"), 120)
    rank = forms.IntegerField(
        label=_("Rank"),
        min_value=0,
        max_value=1000,
        help_text=_("Smaller stands higher."),
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
