"""What higher modules put into the head of every page: a part each, and where one can search."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from dinh.kernel.registry import Registry


@dataclass(frozen=True)
class ShellPart:
    """
    One part of the head.

    :param template: shows it; sees the page's context and `value`
    :param order: smaller stands further left
    :param value: read only when the part is shown, so that fragments of pages do not pay for it
    """

    template: str
    order: int
    value: Callable[[HttpRequest], object]


@dataclass(frozen=True)
class SearchSource:
    """
    Something that the search box of every page can search; the first visible one is what Enter searches.

    :param url_name: named route without arguments that takes the words as `q`
    :param is_visible: predicate over the current appointment; denies unless it returns True
    """

    label: str | Promise
    url_name: str
    order: int
    is_visible: Callable[[Any], bool]


shell_parts: Registry[ShellPart] = Registry("parts of the shell")
search_sources: Registry[SearchSource] = Registry("search sources")
