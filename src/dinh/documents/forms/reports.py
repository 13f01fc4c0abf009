"""What narrows a report."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.documents.forms.styled import StyledForm
from dinh.documents.queries.settlement import PROGRESS, Period
from dinh.kernel.errors import FieldFault, InvalidInput


class PeriodForm(StyledForm):
    """Which rows of a report are shown; fields of the follow-up book alone are taken away for the others."""

    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    progress = forms.ChoiceField(label=_("Progress"), required=False, choices=[("", _("All")), *PROGRESS])
    holder = forms.CharField(label=_("Who leads"), required=False, max_length=120)

    def __init__(self, data: object = None, *, has_progress: bool) -> None:
        super().__init__(data)
        if not has_progress:
            del self.fields["progress"], self.fields["holder"]

    def wanted(self) -> Period:
        """What was chosen. :raises InvalidInput: field by field"""
        if self.is_valid():
            return Period(**self.cleaned_data)
        faults = [FieldFault(name, str(words)) for name, many in self.errors.items() for words in many]
        raise InvalidInput(faults[0].message, faults=faults)

    def clean(self) -> dict[str, object] | None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first one."))
        return self.cleaned_data
