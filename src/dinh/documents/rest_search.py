"""Search over all letters that the caller may see, for programs."""

from datetime import date
from typing import Annotated, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Field, Query, Router, Schema

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
from dinh.kernel.rest import NO_NUL

PAGE = 50
Text = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
router = Router(tags=["search"])


class WantedIn(Schema):
    """What is empty does not narrow; texts may be given without diacritics."""

    q: Text = ""
    direction: Literal["", "incoming", "outgoing"] = ""
    code: Text = ""
    type_code: Text = ""
    subject: Text = ""
    issuer: Text = ""
    signer: Text = ""
    language: Text = ""
    urgency: int | None = None
    secrecy: int | None = None
    pages: int | None = None
    note: Text = ""
    issued_since: date | None = None
    issued_until: date | None = None
    case_file: Text = ""
    arrival_number: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    arrived_since: date | None = None
    arrived_until: date | None = None
    holder: Text = ""
    directions: Text = ""
    due_until: date | None = None
    progress: Text = ""
    recipient: Text = ""
    copies: Annotated[int, Field(ge=0, le=100_000)] | None = None
    reply_until: date | None = None
    order: Literal["newest", "oldest", "code", "issuer", "urgency"] = "newest"


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
def search(request: HttpRequest, wanted: Query[WantedIn], show: str = "", page: int = 1) -> FoundPage:
    """`show`: names of fields to answer with, separated by commas."""
    reader, given = _own(request), wanted.dict()
    words = given.pop("q")
    found = found_documents(Wanted(words=words, **given), reader)
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
    request: HttpRequest, ending: Literal["pdf", "docx", "xlsx"], wanted: Query[WantedIn]
) -> HttpResponseBase:
    """As the page's export; `show` may be given several times."""
    reader = _own(request)
    form = SearchForm(QueryDict(request.META["QUERY_STRING"]), bloc=reader.unit.bloc, on=timezone.localdate())
    return found_file(form, reader=reader, ending=ending)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
