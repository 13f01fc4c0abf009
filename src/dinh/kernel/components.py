"""The rows that the parts of a page (`templates/kernel/components/`) take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a trace: when, who, what, and in which words."""

    at: datetime
    actor: str
    label: Words
    note: Words = ""


@dataclass(frozen=True)
class Chip:
    """One choice of a filter; `count` is how many rows it would show, None if that is not said."""

    url: str
    label: Words
    is_on: bool
    count: int | None = None


def chips_for(
    *, name: str, chosen: str, choices: Iterable[tuple[str, Words]], others: Mapping[str, str]
) -> list[Chip]:
    """
    The chips of one filter of a list.

    :param name: of the query parameter that the chips set; an empty value leaves it out
    :param others: query parameters that are kept as they are; the page number must not be among them
    """
    return [Chip(_address({**others, name: value}), label, value == chosen) for value, label in choices]


def _address(parameters: Mapping[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
