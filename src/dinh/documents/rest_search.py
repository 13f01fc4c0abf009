"""Search over all letters that the caller may see, for programs."""

from typing import Literal

from django.core.paginator import Paginator
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Query, Router, Schema

from dinh.directory.models import Appointment
from dinh.documents.forms.search import SearchForm
from dinh.documents.queries.search import (
    MOST,
    Wanted,
    arrivals_of_letters,
    found_documents,
    sendings_of_letters,
)
from dinh.documents.registers.found import found_file, found_lines

PAGE = 50
router = Router(tags=["search"])


class FoundOut(Schema):
    """
    `outgoing` and `incoming`: the letter's ids in those lists, where the caller sees it there; `fields`: those asked
    for by `show`, by the names of Annex VI of Decree 30/2020.
    """

    document_id: int
    subject: str
    outgoing: int | None
    incoming: int | None
    fields: dict[str, str]


class FoundPage(Schema):
    """`count` stops at 1,000."""

    count: int
    page: int
    items: list[FoundOut]


@router.get("/search", response=FoundPage)
def search(request: HttpRequest, wanted: Query[Wanted], show: str = "", page: int = 1) -> FoundPage:
    """`show`: names of fields to answer with, separated by commas."""
    reader = _own(request)
    found = found_documents(wanted, reader)
    at = Paginator(found[:MOST], PAGE).get_page(page)
    names = [name for name in show.split(",") if name]
    lines = found_lines(list(at.object_list), reader, names)
    ids = [line.document_id for line in lines]
    sent, arrived = sendings_of_letters(ids, reader), arrivals_of_letters(ids, reader)
    items = [
        FoundOut(
            document_id=line.document_id,
            subject=line.subject,
            outgoing=sent.get(line.document_id),
            incoming=arrived.get(line.document_id),
            fields=dict(zip(names, line.cells, strict=True)),
        )
        for line in lines
    ]
    return FoundPage(count=at.paginator.count, page=at.number, items=items)


@router.get("/search/found.{ending}")
def as_file(
    request: HttpRequest, ending: Literal["pdf", "docx", "xlsx"], wanted: Query[Wanted]
) -> HttpResponseBase:
    """As the page's export; `show` may be given several times."""
    reader = _own(request)
    form = SearchForm(QueryDict(request.META["QUERY_STRING"]), bloc=reader.unit.bloc, on=timezone.localdate())
    return found_file(form, reader=reader, ending=ending)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
