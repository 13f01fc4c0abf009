from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.operations.tokens import LIFETIMES_DAYS


class TokenForm(forms.Form):
    """A token of one's own: what for, and for how long."""

    label = forms.CharField(
        label=_("What the token is for"),
        max_length=80,
        help_text=_("Such as the name of the program that uses it."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial=90,
        choices=[(days, _("%(days)d days") % {"days": days}) for days in LIFETIMES_DAYS],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
