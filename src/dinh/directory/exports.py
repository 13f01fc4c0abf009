"""The list of people to take home, with the filters of its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit import api as audit
from dinh.directory.models import Appointment, Person
from dinh.directory.queries.people import (
    people_matching,
    people_visible_to,
    with_appointments,
    without_position,
)
from dinh.kernel.tables import TableColumn, TableShape, table_response

_PIECE: Final = 1_000
_COLUMNS: Final = (
    TableColumn(title=_("Full name"), share=20),
    TableColumn(title=_("Official's code"), share=10),
    TableColumn(title=_("Position"), share=38),
    TableColumn(title=_("Telephone"), share=12),
    TableColumn(title=_("E-mail"), share=20),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPeople:
    """
    What is asked of the list of people.

    :param words: of name or code, with or without diacritics
    :param without: only those without a position on the day
    """

    words: str = ""
    day: date
    without: bool = False


def people_wanted(reader: Appointment, wanted: WantedPeople) -> QuerySet[Person]:
    """People by given name, each with `held`: the positions of the day."""
    found = people_matching(people_visible_to(reader), wanted.words)
    found = without_position(found, day=wanted.day) if wanted.without else found
    return with_appointments(found, today=wanted.day)


def list_of_people(
    reader: Appointment, wanted: WantedPeople, *, ending: str, at: datetime
) -> HttpResponseBase:
    """
    The list as `pdf`, `docx` or `xlsx`; the log keeps who took it, for it holds personal data.

    :raises NoSuchTable, TooLongForPaper: as `table_response`
    """
    shape = TableShape(
        title=_t("People"),
        columns=_COLUMNS,
        subtitle=_t("Positions as of %(day)s") % {"day": f"{wanted.day:%d/%m/%Y}"},
        agency=reader.unit.name,
    )
    response = table_response(shape, _lines(reader, wanted), ending=ending, name=_t("list-of-people"))
    details = {"as": ending, "words": wanted.words, "day": wanted.day.isoformat(), "without": wanted.without}
    audit.record("directory.people.exported", target=reader.unit, actor=reader, at=at, details=details)
    return response


def _lines(reader: Appointment, wanted: WantedPeople) -> Iterator[tuple[str, ...]]:
    for person in people_wanted(reader, wanted).iterator(chunk_size=_PIECE):
        held = (f"{own.title}, {own.unit.name}" for own in person.held)  # type: ignore[attr-defined]
        yield person.full_name, person.code, "; ".join(held), person.phone, person.email
