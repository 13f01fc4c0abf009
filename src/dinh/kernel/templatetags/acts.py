"""
Tags for the forms of acts on a page: a refused one comes back with what was typed, its faults beside the fields.

Each names the act as its view does (`refusals.refusals_kept`); `only` tells forms of the same act apart, by the value
of their hidden field `part`.
"""

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dinh.kernel.refusals import RefusedAct, refused_act

register = template.Library()


@register.simple_tag(takes_context=True)
def typed(context: Context, act: str, field: str, default: object = "", only: object = "") -> SafeString:
    """Attributes of an input: its value, and the fault that describes it."""
    refused = _refused(context, act, only)
    value = refused.given.get(field, "") if refused else default
    attributes = format_html(' value="{}"', value) if value not in ("", None) else SafeString("")
    return attributes + _described(refused, field, only)


@register.simple_tag(takes_context=True)
def typed_text(context: Context, act: str, field: str, default: object = "") -> object:
    """What stands in a textarea."""
    refused = _refused(context, act)
    return refused.given.get(field, "") if refused else default


@register.simple_tag(takes_context=True)
def described(context: Context, act: str, field: str, only: object = "") -> SafeString:
    """Attributes of a control without a value of its own: the fault that describes it."""
    return _described(_refused(context, act, only), field, only)


@register.simple_tag(takes_context=True)
def chosen(
    context: Context,
    act: str,
    field: str,
    value: object,
    default: object = "",
    word: str = "checked",
    only: object = "",
) -> str:
    """
    Whether a box, button or option is chosen: what was sent, else where its value is the default.

    :param default: the value that is chosen at first; True where this one is, False where it is not
    """
    refused = _refused(context, act, only)
    if refused:
        return f" {word}" if str(value) in refused.given.getlist(field) else ""
    is_default = default if isinstance(default, bool) else str(default) == str(value)
    return f" {word}" if is_default else ""


@register.simple_tag(takes_context=True)
def fault(context: Context, act: str, field: str, only: object = "") -> SafeString:
    """What is wrong with a field, behind its control."""
    refused = _refused(context, act, only)
    words = [each.message for each in refused.faults if each.field == field] if refused else []
    if not words:
        return SafeString("")
    lines = format_html_join("", "<div>{}</div>", ((each,) for each in words))
    shown = '<div class="text-danger small mb-2 w-100" id="{}" role="alert">{}</div>'
    return format_html(shown, _id(act, field, only), lines)


@register.simple_tag(takes_context=True)
def unfolded(context: Context, act: str, only: object = "") -> str:
    """Attribute of the details around a form: open where the act was refused."""
    return " open" if _refused(context, act, only) else ""


def _refused(context: Context, act: str, only: object = "") -> RefusedAct | None:
    refused = refused_act(context["request"], act) if "request" in context else None
    return refused if refused and (only == "" or refused.given.get("part") == str(only)) else None


def _described(refused: RefusedAct | None, field: str, only: object) -> SafeString:
    if refused is None or all(each.field != field for each in refused.faults):
        return SafeString("")
    return format_html(' aria-invalid="true" aria-describedby="{}"', _id(refused.act, field, only))


def _id(act: str, field: str, only: object) -> str:
    return "-".join(str(part) for part in ("fault", act, field, only) if part != "")
