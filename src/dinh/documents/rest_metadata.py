"""What is known of a document by Annex VI, and who looked at it, for programs."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from dinh.audit.api import Look, accesses_of
from dinh.directory.models import Appointment
from dinh.documents.filing import readable_arrivals
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.describing import Addition, describe_incoming, describe_outgoing
from dinh.documents.queries.metadata import Metadata, incoming_metadata, outgoing_metadata
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.rules_incoming import oversees_unit
from dinh.kernel.errors import NotFound
from dinh.kernel.rest import NO_NUL

router = Router(tags=["metadata"])


class PairOut(Schema):
    """`name`: as in Annex VI of Decree 30/2020, such as `SignerInfo/Position`; `To/...` may be repeated."""

    name: str
    text: str


class AdditionIn(Schema):
    """What is null stays; language and pages only of the unit's own letters."""

    note: Annotated[str, Field(max_length=500, pattern=NO_NUL)] | None = None
    language: Annotated[str, Field(max_length=30, pattern=NO_NUL)] | None = None
    page_count: Annotated[int, Field(ge=1, le=9999)] | None = None


class LookOut(Schema):
    """Who looked on a day at what: `page`, `file`, `attachment`; how often, first and last."""

    person_name: str
    position: str
    what: str
    first_at: datetime
    last_at: datetime
    times: int


@router.get("/incoming/{int:incoming_id}/metadata", response=list[PairOut])
def of_incoming(request: HttpRequest, incoming_id: int) -> list[PairOut]:
    reader = _own(request)
    return _pairs(incoming_metadata([incoming_id], reader, readable_arrivals(reader)).get(incoming_id))


@router.post("/incoming/{int:incoming_id}/metadata", response=list[PairOut])
def add_to_incoming(request: HttpRequest, incoming_id: int, body: AdditionIn) -> list[PairOut]:
    addition = Addition(**body.dict())
    describe_incoming(incoming_id=incoming_id, actor=_own(request), addition=addition, at=timezone.now())
    return of_incoming(request, incoming_id)


@router.get("/outgoing/{int:outgoing_id}/metadata", response=list[PairOut])
def of_outgoing(request: HttpRequest, outgoing_id: int) -> list[PairOut]:
    reader = _own(request)
    return _pairs(outgoing_metadata([outgoing_id], reader, outgoing_visible_to(reader)).get(outgoing_id))


@router.post("/outgoing/{int:outgoing_id}/metadata", response=list[PairOut])
def add_to_outgoing(request: HttpRequest, outgoing_id: int, body: AdditionIn) -> list[PairOut]:
    addition = Addition(**body.dict())
    describe_outgoing(outgoing_id=outgoing_id, actor=_own(request), addition=addition, at=timezone.now())
    return of_outgoing(request, outgoing_id)


@router.get("/incoming/{int:incoming_id}/accesses", response=list[LookOut])
def looks_at_incoming(request: HttpRequest, incoming_id: int) -> list[Look]:
    """Of the own unit's people; clerks, head and deputies may ask."""
    found = readable_arrivals(_own(request)).filter(pk=incoming_id).first()
    return _looks(_own(request), found)


@router.get("/outgoing/{int:outgoing_id}/accesses", response=list[LookOut])
def looks_at_outgoing(request: HttpRequest, outgoing_id: int) -> list[Look]:
    """Of the own unit's people; clerks, head and deputies may ask."""
    found = outgoing_visible_to(_own(request)).filter(pk=outgoing_id).first()
    return _looks(_own(request), found)


def _looks(reader: Appointment, target: Incoming | Outgoing | None) -> list[Look]:
    if target is None or not oversees_unit(reader):
        raise NotFound(_("There is no such document here. Go back to the list."))
    return accesses_of(target, unit_id=reader.unit_id)


def _pairs(known: Metadata | None) -> list[PairOut]:
    if known is None:
        raise NotFound(_("There is no such document here. Go back to the list."))
    return [PairOut(name=name, text=text) for name, text in known.pairs]


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
