"""The filter `date`, quick for the two forms that every list shows; built in, so that no template loads it."""

import datetime as dt
from typing import Any

from django import template
from django.template.defaultfilters import date as any_date

register = template.Library()


@register.filter(name="date", expects_localtime=True, is_safe=False)
def date(value: Any, form: str | None = None) -> str:
    """As Django's; a list of fifty rows asks for 200 dates, which took a tenth of its time."""
    if form == "d/m/Y" and isinstance(value, dt.date):
        return f"{value.day:02}/{value.month:02}/{value.year:04}"
    if form == "d/m/Y H:i" and isinstance(value, dt.datetime):
        return f"{value.day:02}/{value.month:02}/{value.year:04} {value.hour:02}:{value.minute:02}"
    return str(any_date(value, form))
