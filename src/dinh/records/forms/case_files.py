"""Forms of case files."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.records.operations.case_files import NewCaseFile


class CaseFileForm(forms.Form):
    code = forms.CharField(
        label=_("Number and code"),
        max_length=40,
        help_text=_("As in the unit's list of files, such as 05/VP."),
        widget=forms.TextInput({"class": "form-control"}),
    )
    title = forms.CharField(
        label=_("Title"), max_length=500, widget=forms.Textarea({"class": "form-control", "rows": 3})
    )
    opened_date = forms.DateField(
        label=_("Opened on"), widget=forms.DateInput({"type": "date", "class": "form-control"}, "%Y-%m-%d")
    )
    retention_years = forms.IntegerField(
        label=_("Years kept"),
        required=False,
        min_value=1,
        max_value=200,
        help_text=_("Empty: kept for ever."),
        widget=forms.NumberInput({"class": "form-control"}),
    )

    rights = forms.CharField(
        label=_("Conditions of use"),
        max_length=30,
        required=False,
        help_text=_("Such as restricted; empty: free for the unit."),
        widget=forms.TextInput({"class": "form-control"}),
    )
    language = forms.CharField(
        label=_("Language"),
        max_length=50,
        required=False,
        empty_value="Tiếng Việt",
        widget=forms.TextInput({"class": "form-control"}),
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.TextInput({"class": "form-control"})
    )
    entry_id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def new_case_file(self) -> NewCaseFile:
        return NewCaseFile(**self.cleaned_data)
