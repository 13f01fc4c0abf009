"""The form of a group of recipients; its members are chosen by the picker."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc, Level
from dinh.documents.forms.styled import StyledForm

_ANY = ("", _("Chosen one by one"))


class GroupForm(StyledForm):
    """Name and rule of a group; whether it is the whole province's, for who may say so."""

    name = forms.CharField(label=_("Name of the group"), max_length=120)
    level = forms.ChoiceField(label=_("All units of a level"), required=False, choices=[_ANY, *Level.choices])
    bloc = forms.ChoiceField(
        label=_("All units of a bloc"),
        required=False,
        choices=[_ANY, *Bloc.choices],
        help_text=_("With a level or a bloc the members follow the tree of units by themselves."),
    )
    is_provincial = forms.BooleanField(label=_("For all units of the province"), required=False)

    def __init__(self, *args: Any, may_be_provincial: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_provincial:
            del self.fields["is_provincial"]
