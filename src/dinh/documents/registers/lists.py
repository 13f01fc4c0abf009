"""The lists of documents as they stand on the screen, to take home."""

from collections.abc import Iterator
from typing import Final

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Unit
from dinh.documents.enums import IncomingState
from dinh.documents.models import Incoming, Outgoing
from dinh.kernel.tables import TableColumn, TableShape, table_response
from dinh.kernel.text import moment_told

_PIECE: Final = 1_000
_INCOMING: Final = (
    TableColumn(title=_("Incoming number"), share=5, align="center"),
    TableColumn(title=_("Day of arrival"), share=8),
    TableColumn(title=_("Number and notation"), share=9),
    TableColumn(title=_("Date of the document"), share=7),
    TableColumn(title=_("Issuing agency"), share=13),
    TableColumn(title=_("Subject"), share=26),
    TableColumn(title=_("Deadline"), share=7),
    TableColumn(title=_("State"), share=9),
)
_OUTGOING: Final = (
    TableColumn(title=_("Number and notation"), share=9),
    TableColumn(title=_("Date"), share=7),
    TableColumn(title=_("Subject"), share=32),
    TableColumn(title=_("Signer"), share=12),
    TableColumn(title=_("State"), share=11),
    TableColumn(title=_("Last changed"), share=9),
)


def incoming_file(rows: "QuerySet[Incoming]", *, unit: Unit, ending: str) -> HttpResponseBase:
    """Documents that arrived as `pdf`, `docx` or `xlsx`. :raises NoSuchTable, TooLongForPaper: as `table_response`"""
    shape = _shape(_t("Incoming documents"), _INCOMING, unit)
    lines = (_incoming_cells(row) for row in rows.iterator(chunk_size=_PIECE))
    return table_response(shape, lines, ending=ending, name=_t("incoming-documents"))


def outgoing_file(rows: "QuerySet[Outgoing]", *, unit: Unit, ending: str) -> HttpResponseBase:
    """Documents of the unit, as `incoming_file`."""
    shape = _shape(_t("Outgoing documents"), _OUTGOING, unit)
    return table_response(shape, _outgoing_lines(rows), ending=ending, name=_t("outgoing-documents"))


def _shape(title: str, columns: tuple[TableColumn, ...], unit: Unit) -> TableShape:
    return TableShape(
        title=title,
        columns=columns,
        subtitle=_t("As of %(time)s") % {"time": moment_told(timezone.now())},
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
    )


def _outgoing_lines(rows: "QuerySet[Outgoing]") -> Iterator[tuple[str, ...]]:
    for row in rows.iterator(chunk_size=_PIECE):
        letter = row.document
        changed = moment_told(row.updated_at)
        state = str(row.get_state_display())
        yield letter.code, _day(letter.issued_date), letter.subject, letter.signer_name, state, changed


def _incoming_cells(row: Incoming) -> tuple[str, ...]:
    arrived = moment_told(row.arrived_at)
    number, state = "" if row.number is None else str(row.number), str(row.get_state_display())
    if row.state == IncomingState.RECALLED:
        return number, arrived, "", "", "", "", "", state
    letter = row.document
    due = _day(timezone.localtime(row.due_at)) if row.due_at else ""
    return (
        number, arrived, letter.code, _day(letter.issued_date), letter.issuer_name, letter.subject, due, state,
    )  # fmt: skip


def _day(day: object) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
