"""What a table looks like, whatever it is written as."""

import re
from dataclasses import dataclass

from django.utils.functional import Promise

from dinh.kernel.errors import InvalidInput

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TooLongForPaper(InvalidInput):
    """More rows than a page, a sheet or a document can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A column: title, share of the width, `left`, `center` or `right`."""

    title: str | Promise
    share: float
    align: str = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """
    Head and columns of a table.

    :param subtitle: what narrows it, such as its period, under the title
    :param note: stands under the last row
    """

    title: str
    columns: tuple[TableColumn, ...]
    subtitle: str = ""
    agency: str = ""
    parent_agency: str = ""
    note: str = ""


def writable(text: str | Promise) -> str:
    """The text without the characters that no XML can hold."""
    return _UNWRITABLE.sub("", str(text))
