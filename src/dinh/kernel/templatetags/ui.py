"""Template tags that every module's pages use."""

from functools import cache

from django import template
from django.template import engines
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of Tabler's set, always beside words; its name stands in `icons.json`."""
    href = static("dist/icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', href, name)


@register.simple_tag(takes_context=True)
def jinja(context: Context, name: str) -> SafeString:
    """A template of the compiled engine, which sees what this page sees."""
    seen = {str(name): value for name, value in context.flatten().items()}
    return SafeString(engines["jinja2"].get_template(name).render(seen, context["request"]))
