"""Input of a reorganisation, and of how units and people are reached."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dinh.directory.forms.widgets import DayField, checkbox, email, sex, text
from dinh.directory.operations.reorganising import Reorganisation

MOST_BYTES = 2_000_000


class ReorganisationForm(forms.Form):
    """The list comes as a file at first; the page carries it on as text from the check to the act."""

    title = text(_("Name of the reorganisation"), 300)
    legal_basis = text(_("Decision"), 200, required=False)
    effective_date = DayField(label=_("In force from"))
    file = forms.FileField(
        label=_("List of merged communes (CSV)"),
        required=False,
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".csv,text/csv"}),
        help_text=_(
            "One line for each old commune, with the columns new_commune_code, new_commune, old_commune_code, "
            "old_commune, old_district_code, old_district, note."
        ),
    )
    content = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    with_districts = checkbox(_("End the units of the districts that the list names"), initial=True)
    carry_people = checkbox(
        _("Keep everybody but leaders in the same position in the new commune"), initial=True
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file"):
            cleaned["content"] = self._read(cleaned["file"])
        elif not cleaned.get("content"):
            self.add_error("file", _now("Choose the file of the list."))
        return cleaned

    def _read(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            self.add_error("file", _now("The file is too large: the list has at most 2 MB."))
            return ""
        try:
            return file.read().decode("utf-8-sig").replace("\0", "")  # type: ignore[no-any-return]
        except UnicodeDecodeError:
            self.add_error("file", _now("The file is not text in UTF-8. Save it as “CSV UTF-8”."))
            return ""

    def wanted(self) -> Reorganisation:
        """What was filled in; for a form that is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "file"}
        return Reorganisation(**given)


class UnitContactForm(forms.Form):
    place = text(_("Place name in letters"), 80)
    address = text(_("Address"), 200, required=False)
    phone = text(_("Telephone"), 30, required=False)
    email = email(required=False)
    is_connected = checkbox(
        _("receives electronically"), help_text=_("Otherwise documents are sent on paper.")
    )


class PersonDetailsForm(forms.Form):
    full_name = text(_("Full name"), 80)
    is_female = sex()
    birth_date = DayField(label=_("Date of birth"), required=False)
    email = email(required=False)
    phone = text(_("Telephone"), 20, required=False)
