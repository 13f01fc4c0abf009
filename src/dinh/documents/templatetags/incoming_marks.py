"""Marks of documents that arrived: how late, how urgent, whether their signatures hold."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.inclusion_tag("documents/incoming/mark.html")
def due_mark(due_at: datetime | None, *, is_open: bool = True) -> dict[str, str]:
    """A red, amber or green mark with the days left; nothing without a deadline or once closed."""
    if due_at is None or not is_open:
        return {}
    days = (timezone.localdate(due_at) - timezone.localdate()).days
    if due_at < timezone.now():
        words = ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
        return {"colour": "red", "icon": "alert-triangle", "words": words if days else _("Late since today")}
    if days == 0:
        return {"colour": "yellow", "icon": "clock", "words": _("Due today")}
    words = ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    return {"colour": "green", "icon": "clock", "words": words}


@register.inclusion_tag("documents/incoming/mark.html")
def verdict_mark(verdict: str, *, is_expected: bool = True) -> dict[str, str]:
    """Whether the signatures hold, by an icon and in words; nothing for what came on paper."""
    if not is_expected and not verdict:
        return {}
    marks = {
        "valid": ("green", "shield-check", _("Signatures valid")),
        "invalid": ("red", "x", _("Signatures invalid")),
        "indeterminate": ("yellow", "alert-triangle", _("Signatures not certain")),
    }
    colour, icon, words = marks.get(verdict, ("secondary", "clock", _("Signatures being checked")))
    return {"colour": colour, "icon": icon, "words": words}


@register.inclusion_tag("documents/incoming/mark.html")
def urgency_mark(urgency: int, words: str) -> dict[str, str]:
    """The degree of urgency, red from very urgent on; nothing for a normal letter."""
    if not urgency:
        return {}
    return {"colour": "yellow" if urgency == 1 else "red", "icon": "alert-triangle", "words": words}


@register.inclusion_tag("documents/incoming/mark.html")
def state_mark(state: str, words: str) -> dict[str, str]:
    """The state, by colour and in words."""
    colours = {"02": "red", "06": "green", "15": "red", "01": "yellow"}
    return {"colour": colours.get(state, "blue"), "words": words}
