"""What a clerk adds to what is known of a document."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.documents.forms.styled import StyledForm
from dinh.documents.operations.describing import Addition


class AdditionForm(StyledForm):
    """Note of the unit; language and pages where the letter is the unit's own."""

    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("vi", _("Vietnamese")), ("en", _("English"))])
    page_count = forms.IntegerField(label=_("Number of pages"), required=False, min_value=1, max_value=9999)

    def __init__(self, data: object = None, *, initial: dict[str, object], is_own: bool) -> None:
        super().__init__(data, initial=initial)
        if not is_own:
            del self.fields["language"], self.fields["page_count"]

    def addition(self) -> Addition:
        return Addition(**self.cleaned_data)
