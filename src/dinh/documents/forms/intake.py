"""The form by which a clerk writes down a letter that came on paper or by e-mail."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc
from dinh.documents.enums import Channel, Secrecy, Urgency
from dinh.documents.forms.styled import StyledForm
from dinh.documents.letters import document_types
from dinh.documents.operations.intake import CHANNELS, PaperLetter

_DATE = {"type": "date"}


class IntakeForm(StyledForm):
    """Fields named as in `PaperLetter`; `kept` holds a scan that was uploaded before a refusal."""

    channel = forms.ChoiceField(
        label=_("How it arrived"),
        choices=[(each.value, each.label) for each in CHANNELS],
        initial=Channel.PAPER,
    )
    issuer = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    issuer_name = forms.CharField(label=_("issuing agency"), max_length=200)
    code = forms.CharField(
        label=_("Number and notation"),
        required=False,
        max_length=60,
        help_text=_("As it stands on the letter, e.g. 15/BNV-VP; nothing where it bears none."),
    )
    issued_date = forms.DateField(label=_("Date of the letter"), widget=forms.DateInput(_DATE, "%Y-%m-%d"))
    type_code = forms.ChoiceField(label=_("Type"), initial="CV")
    subject = forms.CharField(label=_("What it is about"), max_length=500, widget=forms.Textarea({"rows": 2}))
    signer_name = forms.CharField(label=_("Signer"), required=False, max_length=80)
    signer_position = forms.CharField(label=_("Position of the signer"), required=False, max_length=120)
    urgency = forms.TypedChoiceField(label=_("Urgency"), coerce=int, choices=Urgency.choices, initial=0)
    secrecy = forms.TypedChoiceField(
        label=_("Secrecy"),
        coerce=int,
        choices=Secrecy.choices,
        initial=0,
        help_text=_("What is secret goes to a book of its own, without a file."),
    )
    page_count = forms.IntegerField(
        label=_("Number of pages"),
        required=False,
        min_value=1,
        max_value=9_999,
        help_text=_("Empty: as many as the scan has."),
    )
    reply_due_date = forms.DateField(
        label=_("Deadline on the letter"), required=False, widget=forms.DateInput(_DATE, "%Y-%m-%d")
    )
    file = forms.FileField(
        label=_("Scan"),
        required=False,
        max_length=255,
        widget=forms.FileInput({"accept": ".pdf,.jpg,.jpeg,.png,.tif,.tiff"}),
        help_text=_("PDF, JPEG, PNG or TIFF; in colour with at least 200 dots per inch."),
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    despite_duplicate = forms.BooleanField(label=_("It is a different letter: register it"), required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = {each.code: each.name for bloc in Bloc.values for each in document_types(bloc=bloc, on=on)}
        self.fields["type_code"].choices = list(types.items())  # type: ignore[attr-defined]

    def letter(self) -> PaperLetter:
        """What stands on the letter."""
        given = self.cleaned_data
        names = PaperLetter.__dataclass_fields__.keys() - {"issuer_id"}
        return PaperLetter(issuer_id=given["issuer"], **{name: given[name] for name in names})


class CorrectionForm(IntakeForm):
    """What may be corrected of a letter that was written down; the issuer is found by its name."""

    reason = forms.CharField(label=_("Reason for the correction"), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("channel", "issuer", "secrecy", "file", "kept", "request_key", "despite_duplicate"):
            del self.fields[name]

    def letter(self) -> PaperLetter:
        """What stands on the letter; channel and secrecy stay as they were given."""
        given = self.cleaned_data
        return PaperLetter(**{name: given[name] for name in self.fields if name != "reason"})
