"""Fields as the house shows them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class DayField(forms.DateField):
    """A day, by the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"})
        super().__init__(widget=widget, **kwargs)


def text(label: "str | _StrPromise", length: int, **kwargs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control"})
    return forms.CharField(label=label, max_length=length, widget=widget, **kwargs)


def choice(label: "str | _StrPromise", choices: Iterable[Any], **kwargs: Any) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "form-select"})
    return forms.ChoiceField(label=label, choices=choices, widget=widget, **kwargs)


def checkbox(label: "str | _StrPromise", **kwargs: Any) -> forms.BooleanField:
    widget = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, required=False, widget=widget, **kwargs)


def email(**kwargs: Any) -> forms.EmailField:
    widget = forms.EmailInput(attrs={"class": "form-control"})
    return forms.EmailField(label=_("E-mail"), widget=widget, **kwargs)


def sex() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Sex"),
        choices=[("", "---------"), ("1", _("Female")), ("0", _("Male"))],
        coerce=lambda given: given == "1",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
