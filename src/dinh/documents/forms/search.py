"""What is searched for, and what is shown of it."""

from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import Direction, IncomingState, Secrecy, Urgency
from dinh.documents.forms.styled import StyledForm
from dinh.documents.letters import document_types
from dinh.documents.queries.metadata import FIELDS
from dinh.documents.queries.search import Wanted

DEFAULT_SHOWN: Final = ("CodeNumber+CodeNotation", "IssuedDate", "OrganName")
SHOWN: Final = (
    ("CodeNumber+CodeNotation", _("Number and notation")),
    *{
        each.name: (each.name, each.label)
        for fields in FIELDS.values()
        for each in fields
        if each.name not in ("Subject", "CodeNumber", "CodeNotation", "To/OrganId", "DueDate")
    }.values(),
    ("DueDate", _("Deadline, or reply by")),
)
"""Fields of Annex VI that may be shown beside a letter's subject."""


class _Date(forms.DateField):
    widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")


class SearchForm(StyledForm):
    """Every field that a letter is known by; empty ones do not narrow."""

    q = forms.CharField(label=_("Keywords"), required=False, max_length=200)
    direction = forms.ChoiceField(
        label=_("Direction"), required=False, choices=[("", _("In and out")), *Direction.choices]
    )
    code = forms.CharField(label=_("Number and notation"), required=False, max_length=60)
    type_code = forms.ChoiceField(label=_("Type"), required=False)
    subject = forms.CharField(label=_("Subject"), required=False, max_length=200)
    issuer = forms.CharField(label=_("Issuing agency"), required=False, max_length=120)
    signer = forms.CharField(label=_("Signer"), required=False, max_length=80)
    signer_position = forms.CharField(label=_("Position of the signer"), required=False, max_length=100)
    issued_since = _Date(label=_("Dated from"), required=False)
    issued_until = _Date(label=_("Dated until"), required=False)
    urgency = forms.TypedChoiceField(
        label=_("Urgency"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Any")), *Urgency.choices],
    )
    secrecy = forms.TypedChoiceField(
        label=_("Secrecy"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Any")), *Secrecy.choices],
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("Any")), ("vi", _("Vietnamese")), ("en", _("English"))],
    )
    pages = forms.IntegerField(label=_("Number of pages"), required=False, min_value=1, max_value=9999)
    note = forms.CharField(label=_("Note"), required=False, max_length=120)
    case_file = forms.CharField(label=_("Code or title of the case file"), required=False, max_length=120)
    file_organ = forms.CharField(
        label=_("Code of the agency that lists the file"), required=False, max_length=30
    )
    file_year = forms.IntegerField(
        label=_("Year of the case file"), required=False, min_value=1, max_value=9999
    )
    file_place = forms.IntegerField(
        label=_("Place in the case file"), required=False, min_value=1, max_value=99_999_999
    )
    arrival_number = forms.IntegerField(
        label=_("Incoming number"), required=False, min_value=1, max_value=99_999_999
    )
    arrived_since = _Date(label=_("Arrived from"), required=False)
    arrived_until = _Date(label=_("Arrived until"), required=False)
    holder = forms.CharField(label=_("Receiving unit or person"), required=False, max_length=120)
    directions = forms.CharField(label=_("Leader's directions"), required=False, max_length=120)
    progress = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any")), *IncomingState.choices]
    )
    due_until = _Date(label=_("Deadline until"), required=False)
    recipient = forms.CharField(label=_("Recipient"), required=False, max_length=120)
    recipient_code = forms.CharField(label=_("Code of the recipient"), required=False, max_length=30)
    drafter = forms.CharField(label=_("Drafter"), required=False, max_length=80)
    copies = forms.IntegerField(label=_("Copies"), required=False, min_value=0, max_value=100_000)
    reply_until = _Date(label=_("Reply by"), required=False)
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("newest", _("Newest first")),
            ("oldest", _("Oldest first")),
            ("code", _("By number and notation")),
            ("issuer", _("By issuing agency")),
            ("urgency", _("Most urgent first")),
        ],
    )
    show = forms.MultipleChoiceField(
        label=_("Fields shown"), required=False, choices=SHOWN, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict, *, bloc: str, on: Any) -> None:
        super().__init__(data)
        types = [(each.code, each.name) for each in document_types(bloc=bloc, on=on)]
        self.fields["type_code"].choices = [("", _("All types")), *types]  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """What was given; a field that cannot be read is left out, and said beside it."""
        self.is_valid()
        given = dict(self.cleaned_data)
        given.pop("show", None)
        given["order"] = given.get("order") or "newest"
        return Wanted(**given)

    def shown(self) -> list[str]:
        """Names of the fields that are shown, in the order of the annex."""
        self.is_valid()
        chosen = self.cleaned_data.get("show") or DEFAULT_SHOWN
        return [name for name, _label in SHOWN if name in chosen]

    def more_given(self) -> bool:
        """Whether any field beyond the words is in use."""
        return any(self.data.get(name) for name in self.fields if name not in ("q", "order"))
