"""Marks of documents that arrived: how late, how urgent, whether their signatures hold."""

from datetime import datetime
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dinh.kernel.templatetags.ui import icon

register = template.Library()


@register.simple_tag
def due_mark(due_at: datetime | None, *, is_open: bool = True) -> str:
    """A red, amber or green mark with the days left; nothing without a deadline or once closed."""
    if due_at is None or not is_open:
        return ""
    days = (timezone.localdate(due_at) - timezone.localdate()).days
    if due_at < timezone.now():
        words = ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
        return _mark("red", "alert-triangle", words if days else _("Late since today"))
    if days == 0:
        return _mark("yellow", "clock", _("Due today"))
    words = ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    return _mark("green", "clock", words)


@register.simple_tag
def verdict_mark(verdict: str, *, is_expected: bool = True) -> str:
    """Whether the signatures hold, by an icon and in words; nothing for what came on paper."""
    if not is_expected and not verdict:
        return ""
    marks = {
        "valid": ("green", "shield-check", _("Signatures valid")),
        "invalid": ("red", "x", _("Signatures invalid")),
        "indeterminate": ("yellow", "alert-triangle", _("Signatures not certain")),
    }
    colour, name, words = marks.get(verdict, ("secondary", "clock", _("Signatures being checked")))
    return _mark(colour, name, words)


@register.simple_tag
def urgency_mark(urgency: int, words: str) -> str:
    """The degree of urgency, red from very urgent on; nothing for a normal letter."""
    if not urgency:
        return ""
    return _mark("yellow" if urgency == 1 else "red", "alert-triangle", str(words))


@register.simple_tag
def state_mark(state: str, words: str) -> str:
    """The state, by colour and in words."""
    colours = {"02": "red", "06": "green", "15": "red", "01": "yellow"}
    return _mark(colours.get(state, "blue"), "", str(words))


@lru_cache(maxsize=1000)
def _mark(colour: str, name: str, words: str) -> SafeString:
    """A badge, its colour repeated by an icon; kept, since a list has hundreds of the same few."""
    shown = format_html('<span class="text-{}">{}</span> ', colour, icon(name)) if name else ""
    return format_html('<span class="badge bg-{}-lt text-body">{}{}</span>', colour, shown, words)
