"""What can be filed: higher modules register their records here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from dinh.directory.models import Appointment
from dinh.kernel.registry import Registry


@dataclass(frozen=True, kw_only=True)
class FiledRecord:
    """How a record shows in a case file: its code may be empty, its day unknown, its pages not counted."""

    code: str
    title: str
    day: date | None
    url: str
    issuer: str = ""
    pages: int | None = None


@dataclass(frozen=True, kw_only=True)
class RecordFile:
    """A file of a record: its name, and the SHA-256 under which it is kept."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RecordDetail:
    """
    What leaves the house with a record.

    :param element: name of its element in XML
    :param metadata: pairs of an element's name and its text, by the decree's order; a name may hold a path,
        such as `SignerInfo/Position`
    :param files: the record itself first, then what is attached
    """

    element: str
    day: date | None
    metadata: tuple[tuple[str, str], ...]
    files: tuple[RecordFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fileable:
    """
    A kind of record.

    :param describe: ids and reader to what the reader may see of them, in a constant number of queries; what
        is missing in the answer is missing, or not this reader's
    :param detail: the same with all metadata and files, for export; a kind without it leaves with its title alone
    """

    label: str | Promise
    describe: Callable[[Sequence[int], Appointment], Mapping[int, FiledRecord]]
    detail: Callable[[Sequence[int], Appointment], Mapping[int, RecordDetail]] | None = None


fileables: Registry[Fileable] = Registry("what can be filed")
"""By the model's label, such as `documents.incoming`."""
