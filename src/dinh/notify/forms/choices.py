from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.notify.models import Pace


class PaceForm(forms.Form):
    pace = forms.ChoiceField(
        label=_("When"),
        choices=Pace.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
