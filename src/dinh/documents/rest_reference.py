"""What a program needs to fill in a draft and to find a letter: types, recipient groups, search."""

from datetime import date
from typing import Annotated

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from dinh.documents.letters import document_types
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.queries.drafting import groups_for
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.search import documents_of, found_documents
from dinh.documents.rest_incoming import NO_NUL
from dinh.documents.rest_outgoing import actor_of

PAGE = 50
router = Router(tags=["reference"])


class TypeOut(Schema):
    """A type of document that the caller's bloc uses today; `source` is the rule's article."""

    code: str
    name: str
    abbreviation: str
    source: str


class GroupOut(Schema):
    """A named set of units, without the caller's own."""

    id: int
    name: str
    unit_ids: list[int]


class FoundOut(Schema):
    """A letter found; `outgoing` and `incoming` are its ids in those lists, where the caller sees it there."""

    document: int
    code: str
    subject: str
    issuer_name: str
    issued_date: date | None
    outgoing: int | None
    incoming: int | None


class FoundPage(Schema):
    """`count` stops at 1,000."""

    count: int
    items: list[FoundOut]


@router.get("/document-types", response=list[TypeOut])
def types(request: HttpRequest) -> list[TypeOut]:
    """The types of documents, in the order of the rule."""
    known = document_types(bloc=actor_of(request).unit.bloc, on=timezone.localdate())
    return [TypeOut(code=t.code, name=t.name, abbreviation=t.abbreviation, source=t.source) for t in known]


@router.get("/recipient-groups", response=list[GroupOut])
def groups(request: HttpRequest) -> list[GroupOut]:
    """The province's groups of recipients and the unit's own, with their members today."""
    found = groups_for(actor_of(request).unit)
    return [GroupOut(id=each.pk, name=each.name, unit_ids=sorted(each.unit_ids)) for each in found]


@router.get("/documents", response=FoundPage)
def search(
    request: HttpRequest,
    q: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)],
    page: Annotated[int, Query(ge=1, le=20)] = 1,
) -> FoundPage:
    """Letters that the caller sees with these words, with or without diacritics, the newest first, 50 a page."""
    found = Paginator(found_documents(q, actor_of(request)), PAGE).get_page(page)
    documents = documents_of(list(found))
    sent, arrived = _places(request, documents)
    items = [_found(each, sent, arrived) for each in documents]
    return FoundPage(count=found.paginator.count, items=items)


def _places(request: HttpRequest, documents: list[Document]) -> tuple[dict[int, int], dict[int, int]]:
    actor, ids = actor_of(request), [each.pk for each in documents]
    sent: list[Outgoing] = list(outgoing_visible_to(actor).filter(document__in=ids).select_related(None))
    arrived: list[Incoming] = list(incoming_visible_to(actor).filter(document__in=ids))
    return {each.document_id: each.pk for each in sent}, {each.document_id: each.pk for each in arrived}


def _found(document: Document, sent: dict[int, int], arrived: dict[int, int]) -> FoundOut:
    return FoundOut(
        document=document.pk,
        code=document.code,
        subject=document.subject,
        issuer_name=document.issuer_name,
        issued_date=document.issued_date,
        outgoing=sent.get(document.pk),
        incoming=arrived.get(document.pk),
    )
