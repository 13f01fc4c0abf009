"""
The compiled engine of long lists: a Jinja template costs a tenth of the same rows as a Django template.

When which engine is used: docs/decisions/long-lists-in-jinja.md.
"""

import datetime as dt
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.defaultfilters import capfirst, linebreaksbr
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import get_default_timezone, is_aware
from django.utils.translation import get_language, gettext, ngettext
from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

from dinh.kernel.addresses import addresses
from dinh.kernel.templatetags.dates import date
from dinh.kernel.templatetags.ui import icon


def environment(**options: Any) -> Environment:
    """What the settings name: texts are escaped, and a name that is not given is a fault."""
    made = Environment(**options | {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701 (Django turns autoescape on)
    made.globals |= {
        "_": translated,
        "address": reverse,
        "addresses": addresses,
        "component": component,
        "icon": icon,
        "ngettext": ngettext,
        "query": query,
    }
    made.filters |= {"capfirst": capfirst, "date": _shown_date, "linebreaksbr": linebreaksbr}
    return made


@pass_context
def component(context: Context, name: str, **values: Any) -> str:
    """A part that Django templates have, too, as `{% include %}` shows it there."""
    return render_to_string(name, values, request=context["request"], using="django")


@pass_context
def query(context: Context, **changes: str | None) -> str:
    """The page's own query with other values, as Django's `{% querystring %}`; None leaves a name out."""
    request: HttpRequest = context["request"]
    given = dict(request.GET.lists()) | changes
    return f"?{urlencode({name: value for name, value in given.items() if value is not None}, doseq=True)}"


def translated(text: str) -> str:
    """`gettext` for the constant texts of templates, looked up once for each language."""
    return _translated(text, get_language())


@cache
def _translated(text: str, language: str | None) -> str:
    return gettext(text)


def _shown_date(value: dt.date | None, form: str) -> str:
    if isinstance(value, dt.datetime) and is_aware(value):
        value = value.astimezone(get_default_timezone())  # No page has a zone of its own to be asked for.
    return date(value, form)
