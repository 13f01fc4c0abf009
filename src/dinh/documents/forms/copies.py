"""The form by which a clerk copies a document."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import CopyKind
from dinh.documents.forms.styled import StyledForm


class CopyForm(StyledForm):
    """Form of the copy, who decided on it, and the pages of an extract."""

    kind = forms.ChoiceField(label=_("Form of the copy"))
    pages = forms.CharField(
        label=_("Pages of the extract"),
        required=False,
        max_length=100,
        help_text=_("Only for an extract, such as 1-2,5."),
    )
    decided_by = forms.TypedChoiceField(
        label=_("Who decided on the copy"), coerce=int, help_text=_("Shown as the signer of the copy.")
    )
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, kinds: Sequence[CopyKind], leaders: Sequence[Appointment], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        people = [(each.pk, f"{each.person.full_name}, {each.position.name}") for each in leaders]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["decided_by"].choices = people  # type: ignore[attr-defined]
