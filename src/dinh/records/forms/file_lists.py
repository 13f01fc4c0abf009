"""Forms of the list of files."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.directory.queries.units import people_of
from dinh.records.operations.file_lists import NewEntry


class EntryForm(forms.Form):
    """A line of the list."""

    code = forms.CharField(
        label=_("Number and code"), max_length=20, help_text=_("Such as 05/VP; each only once a year.")
    )
    heading = forms.CharField(
        label=_("Heading"), max_length=200, required=False, help_text=_("Such as I. General matters.")
    )
    title = forms.CharField(label=_("Title"), max_length=500)
    retention_years = forms.IntegerField(
        label=_("Years kept"),
        required=False,
        min_value=1,
        max_value=200,
        help_text=_("Empty: kept for ever."),
    )
    handover_months = forms.TypedChoiceField(
        label=_("Handed over within"),
        coerce=int,
        choices=[(12, _("one year after closing")), (3, _("three months after settlement (construction)"))],
    )
    responsible_id = forms.TypedChoiceField(
        label=_("Who opens it"), required=False, coerce=int, empty_value=None
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, data: Any = None, *, clerk: Appointment, on: date) -> None:
        super().__init__(data)
        people = [
            (each.pk, f"{each.person.full_name}, {each.position.name}") for each in people_of(clerk.unit, on)
        ]
        self.fields["responsible_id"].choices = [("", _("Not decided")), *people]  # type: ignore[attr-defined]
        for field in self.fields.values():
            is_choice = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def new_entry(self) -> NewEntry:
        return NewEntry(**self.cleaned_data)
