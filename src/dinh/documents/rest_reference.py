"""What a program needs to fill in a draft: types, recipient groups."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from dinh.directory.enums import Bloc, Level
from dinh.directory.models import Appointment
from dinh.directory.operations.groups import GroupContent, change_group, delete_group, save_group
from dinh.directory.queries.groups import groups_visible_to
from dinh.documents.letters import document_types
from dinh.documents.queries.drafting import groups_for
from dinh.documents.rest_outgoing import actor_of
from dinh.kernel.rest import NO_NUL

router = Router(tags=["reference"])


class TypeOut(Schema):
    """A type of document that the caller's bloc uses today; `source` is the rule's article."""

    code: str
    name: str
    abbreviation: str
    source: str


class GroupOut(Schema):
    """
    A named set of units, without the caller's own; one with a `level` or `bloc` follows the tree by itself.
    `is_provincial`: everybody's, kept by the keeper of the directory.
    """

    id: int
    name: str
    unit_ids: list[int]
    level: str
    bloc: str
    is_provincial: bool


class GroupIn(Schema):
    """A name, and either `unit_ids` or a rule: all units of a `level`, of a `bloc`, or of both."""

    name: Annotated[str, Field(max_length=120, pattern=NO_NUL)]
    level: Level | Literal[""] = ""
    bloc: Bloc | Literal[""] = ""
    unit_ids: Annotated[list[int], Field(max_length=1000)] = Field(default_factory=list)

    def content(self) -> GroupContent:
        return GroupContent(name=self.name, level=self.level, bloc=self.bloc, unit_ids=self.unit_ids)


class NewGroupIn(GroupIn):
    """`is_provincial`: for all units; only for the keeper of the directory."""

    is_provincial: bool = False


@router.get("/document-types", response=list[TypeOut])
def types(request: HttpRequest) -> list[TypeOut]:
    """The types of documents, in the order of the rule."""
    known = document_types(bloc=actor_of(request).unit.bloc, on=timezone.localdate())
    return [TypeOut(code=t.code, name=t.name, abbreviation=t.abbreviation, source=t.source) for t in known]


@router.get("/recipient-groups", response=list[GroupOut])
def groups(request: HttpRequest) -> list[GroupOut]:
    """The province's groups of recipients and the unit's own, with their members today."""
    return _groups(actor_of(request))


@router.post("/recipient-groups", response={201: GroupOut})
def create_group(request: HttpRequest, body: NewGroupIn) -> Status[GroupOut]:
    """Make a group of the caller's unit, or of the province."""
    actor = actor_of(request)
    made = save_group(
        content=body.content(), actor=actor, at=timezone.now(), is_provincial=body.is_provincial
    )
    return Status(201, _group(actor, made.pk))


@router.put("/recipient-groups/{group_id}", response=GroupOut)
def put_group(request: HttpRequest, group_id: int, body: GroupIn) -> GroupOut:
    """Another name, rule or other members; letters already written keep their recipients."""
    actor = actor_of(request)
    change_group(group_id=group_id, content=body.content(), actor=actor, at=timezone.now())
    return _group(actor, group_id)


@router.delete("/recipient-groups/{group_id}", response={204: None})
def remove_group(request: HttpRequest, group_id: int) -> Status[None]:
    """Take a group away; letters already written keep their recipients."""
    delete_group(group_id=group_id, actor=actor_of(request), at=timezone.now())
    return Status(204, None)


def _groups(actor: Appointment) -> list[GroupOut]:
    members = {each.pk: sorted(each.unit_ids) for each in groups_for(actor.unit)}
    return [
        GroupOut(
            id=each.pk,
            name=each.name,
            unit_ids=members.get(each.pk, []),
            level=each.level,
            bloc=each.bloc,
            is_provincial=each.owner_id is None,
        )
        for each in groups_visible_to(actor)
    ]


def _group(actor: Appointment, group_id: int) -> GroupOut:
    return next(each for each in _groups(actor) if each.id == group_id)
