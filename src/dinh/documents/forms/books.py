"""Forms of the registers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import CopyKind, Direction
from dinh.documents.forms.styled import StyledForm
from dinh.documents.letters import document_types
from dinh.documents.operations.books import NewBook
from dinh.documents.queries.registers import Wanted


class RegisterFilterForm(StyledForm):
    """Which rows of a register are shown."""

    date_from = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    date_to = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    type_code = forms.ChoiceField(label=_("Type"), required=False)
    words = forms.CharField(
        label=_("Keywords"), required=False, max_length=200, widget=forms.TextInput({"type": "search"})
    )

    def __init__(self, *args: Any, bloc: str, on: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = [(each.code, each.name) for each in document_types(bloc=bloc, on=on)]
        self.fields["type_code"].choices = [("", _("All types")), *types]  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """What was chosen; a filter that cannot be read is left out, and said beside its field."""
        self.is_valid()
        given = self.cleaned_data
        return Wanted(
            date_from=given.get("date_from"),
            date_to=given.get("date_to"),
            type_code=given.get("type_code", ""),
            words=given.get("words", ""),
        )


class BookForm(StyledForm):
    """Open a book."""

    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    year = forms.IntegerField(label=_("Year"), min_value=1945, max_value=2200)
    name = forms.CharField(label=_("Name of the book"), max_length=120)
    code = forms.CharField(
        label=_("Code of the book"),
        max_length=30,
        help_text=_("Letters, digits and dashes, such as cv or qd-ct."),
    )
    type_codes = forms.MultipleChoiceField(
        label=_("Types numbered in this book"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all types that no other book takes."),
    )
    council_name = forms.CharField(
        label=_("Advisory council"),
        required=False,
        max_length=200,
        help_text=_("Only for a council that issues under the unit's seal: it has numbers of its own."),
    )
    is_secret = forms.BooleanField(label=_("For secret documents"), required=False)
    is_for_copies = forms.BooleanField(
        label=_("For copies (SY, TrS, SL)"),
        required=False,
        help_text=_("All forms of copies share one series of the year."),
    )
    is_normative = forms.BooleanField(
        label=_("For normative documents of the chosen type"),
        required=False,
        help_text=_(
            "Resolutions and decisions that make law: the number bears the year, each type has its series."
        ),
    )
    opening_number = forms.IntegerField(
        label=_("Last number given before this system"), min_value=0, max_value=999_999, initial=0
    )

    def __init__(self, *args: Any, bloc: str, on: Any, makes_law: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type_codes"].choices = [  # type: ignore[attr-defined]
            (each.code, each.name) for each in document_types(bloc=bloc, on=on)
        ]
        if not makes_law:
            del self.fields["is_normative"]

    def new_book(self) -> NewBook:
        given = dict(self.cleaned_data)
        if given.pop("is_for_copies"):
            given["type_codes"] = [*CopyKind.values, *given["type_codes"]]
        return NewBook(**given)


class OpeningNumberForm(StyledForm):
    last_number = forms.IntegerField(label=_("Last number given"), min_value=0, max_value=999_999)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, help_text=_("Needed once the book gave numbers.")
    )


class ReasonForm(StyledForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea({"rows": 3}))
