"""What a program needs to fill in a draft: types, recipient groups."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from dinh.documents.letters import document_types
from dinh.documents.queries.drafting import groups_for
from dinh.documents.rest_outgoing import actor_of

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
