"""What can be filed: higher modules register their records here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from dinh.directory.models import Appointment
from dinh.kernel.registry import Registry


@dataclass(frozen=True, kw_only=True)
class FiledRecord:
    """How a record shows in a case file: its code may be empty, its day unknown."""

    code: str
    title: str
    day: date | None
    url: str


@dataclass(frozen=True, kw_only=True)
class Fileable:
    """
    A kind of record.

    :param describe: ids and reader to what the reader may see of them, in a constant number of queries; what
        is missing in the answer is missing, or not this reader's
    """

    label: str | Promise
    describe: Callable[[Sequence[int], Appointment], Mapping[int, FiledRecord]]


fileables: Registry[Fileable] = Registry("what can be filed")
"""By the model's label, such as `documents.incoming`."""
