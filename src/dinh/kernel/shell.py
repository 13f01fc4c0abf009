"""What higher modules put into the head of every page: a part each, and where one can search."""

from collections.abc import Callable, Sequence
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
class Hit:
    """One thing found: its name as a link, and what tells it from others."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class SearchSource:
    """
    Something that the search box of every page searches.

    :param url_name: named route without arguments that takes the words as `q` and shows all that is found
    :param order: smaller stands higher
    :param find: at most so many hits for these words, of what the current appointment may see
    """

    label: str | Promise
    url_name: str
    order: int
    find: Callable[[Any, str, int], Sequence[Hit]]


shell_parts: Registry[ShellPart] = Registry("parts of the shell")
list_parts: Registry[ShellPart] = Registry("parts of every list")
search_sources: Registry[SearchSource] = Registry("search sources")
