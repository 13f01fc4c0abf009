"""Fields as the house shows them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms

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
