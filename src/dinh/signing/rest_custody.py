"""Who holds a unit's seals and devices with secret keys, for programs."""

from datetime import date
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.kernel.rest import NO_NUL
from dinh.signing.models import Custody
from dinh.signing.operations.custody import HandOver, end_custody, hand_over
from dinh.signing.queries.custody import custodies_visible_to
from dinh.signing.rules import keeps_custody

PAGE = 50
router = Router(tags=["signing"])


class CustodyOut(Schema):
    """`until_date` null: held now; `holder_id`: appointment."""

    id: int
    kind: str
    name: str
    credential_id: int | None
    holder_id: int
    holder: str
    from_date: date
    until_date: date | None
    minutes_number: str
    end_minutes_number: str


class CustodyPage(Schema):
    count: int
    page: int
    items: list[CustodyOut]


class HandOverIn(Schema):
    """`holder`: appointment of the unit that receives it; `credential`: the unit's certificate in a device."""

    kind: Literal["seal", "device"]
    name: str = Field("", pattern=NO_NUL)
    credential: int | None = None
    holder: int
    from_date: date
    minutes_number: str = Field(pattern=NO_NUL)


class EndIn(Schema):
    until_date: date
    minutes_number: str = Field(pattern=NO_NUL)


@router.get("/signing/custody", response=CustodyPage)
def list_custody(request: HttpRequest, page: int = 1) -> dict[str, Any]:
    """Of the unit for its head, deputies, clerks and administrators, else one's own; what is held now comes first."""
    at = Paginator(custodies_visible_to(_own(request)), PAGE).get_page(page)
    return {"count": at.paginator.count, "page": at.number, "items": [_shown(row) for row in at]}


@router.post("/signing/custody", response={201: CustodyOut})
def write_down(request: HttpRequest, body: HandOverIn) -> Status[dict[str, Any]]:
    """Who holds it from a day on; whoever held it before holds it no more. The head's and the administrators'."""
    wanted = HandOver(
        kind=body.kind,
        name=body.name,
        credential_id=body.credential,
        holder_id=body.holder,
        from_date=body.from_date,
        minutes_number=body.minutes_number,
    )
    return Status(201, _shown(hand_over(wanted=wanted, actor=_keeper(request), at=timezone.now())))


@router.post("/signing/custody/{int:custody_id}/end", response=CustodyOut)
def end(request: HttpRequest, custody_id: int, body: EndIn) -> dict[str, Any]:
    """It was given back, and nobody of the unit holds it."""
    ended = end_custody(
        custody_id=custody_id,
        until_date=body.until_date,
        minutes_number=body.minutes_number,
        actor=_keeper(request),
        at=timezone.now(),
    )
    return _shown(ended)


def _shown(row: Custody) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in CustodyOut.model_fields if name != "holder"}
    return told | {"holder": row.holder.person.full_name}


def _keeper(request: HttpRequest) -> Appointment:
    """:raises NotFound: for everybody but the head and the administrators of the unit"""
    own = _own(request)
    if not keeps_custody(own):
        raise NotFound(_("There is no such page."))
    return own


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
