"""What a search found, as lines with the chosen fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _t

from dinh.directory.models import Appointment
from dinh.documents.filing import readable_arrivals
from dinh.documents.forms.search import SHOWN, SearchForm
from dinh.documents.queries.metadata import (
    OF_LETTER,
    Metadata,
    incoming_metadata,
    letters_metadata,
    outgoing_metadata,
)
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.search import (
    arrivals_of_letters,
    documents_of,
    found_documents,
    sendings_of_letters,
)
from dinh.kernel.tables import TableColumn, TableShape, table_response

_PIECE: Final = 200
_WIDE: Final = {"TraceHeaderList": 24, "OrganName": 18, "To/OrganName": 20, "ToPlaces": 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """A letter that was found: its subject, and the texts of the chosen fields."""

    document_id: int
    subject: str
    cells: tuple[str, ...]


def found_lines(ids: Sequence[int], reader: Appointment, shown: Sequence[str]) -> list[FoundLine]:
    """
    In the order of the ids, each as its unit's own or else as it arrived; a constant number of queries, a single one
    where nothing is shown but what stands in the letters.

    :param ids: of letters that the reader may see
    """
    names = {part for name in shown for part in name.split("+")}
    known = letters_metadata(documents_of(ids)) if names <= OF_LETTER else _of_unit(ids, reader)
    return [_line(letter, known[letter], shown) for letter in ids if letter in known]


def _of_unit(ids: Sequence[int], reader: Appointment) -> dict[int, Metadata]:
    sent = sendings_of_letters(ids, reader)
    arrived = {letter: pk for letter, pk in arrivals_of_letters(ids, reader).items() if letter not in sent}
    own = outgoing_metadata(list(sent.values()), reader, outgoing_visible_to(reader))
    others = incoming_metadata(list(arrived.values()), reader, readable_arrivals(reader))
    known = {letter: own[pk] for letter, pk in sent.items() if pk in own}
    return known | {letter: others[pk] for letter, pk in arrived.items() if pk in others}


def found_file(form: SearchForm, *, reader: Appointment, ending: str) -> HttpResponseBase:
    """
    All that was found, at most a thousand letters, as `pdf`, `docx` or `xlsx` (Annex VI, part I, III.6.h).

    :raises TooLongForPaper: beyond what such a file holds
    """
    ids, shown = found_documents(form.wanted(), reader), form.shown()
    labels = dict(SHOWN)
    columns = [TableColumn(title=_t("Subject"), share=36)]
    columns += [TableColumn(title=str(labels[name]), share=_WIDE.get(name, 12)) for name in shown]
    unit = reader.unit
    shape = TableShape(
        title=_t("Documents found"),
        columns=tuple(columns),
        subtitle=form.cleaned_data.get("q", ""),
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
    )
    name = f"{_t('documents-found')}-{timezone.localdate():%Y-%m-%d}"
    return table_response(shape, _in_pieces(ids, reader, shown), ending=ending, name=name)


def _in_pieces(ids: Sequence[int], reader: Appointment, shown: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), _PIECE):
        for line in found_lines(ids[start : start + _PIECE], reader, shown):
            yield line.subject, *line.cells


def _line(letter: int, known: Metadata, shown: Sequence[str]) -> FoundLine:
    cells = tuple(_cell(known, name) for name in shown)
    return FoundLine(document_id=letter, subject=known.text("Subject"), cells=cells)


def _cell(known: Metadata, name: str) -> str:
    if "+" not in name:
        return known.text(name)
    parts = (known.text(part) for part in name.split("+"))
    return "/".join(part for part in parts if part)
