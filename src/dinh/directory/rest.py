"""The directory for programs, and who may use the JSON API at all."""

from datetime import date
from typing import Annotated, Literal

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Schema
from ninja.security import APIKeyCookie, HttpBearer

from dinh.directory import rest_account, rest_changes, rest_structure
from dinh.directory.exports import WantedPeople, list_of_people, people_wanted
from dinh.directory.models import Appointment, Unit
from dinh.directory.operations.tokens import bearer_of
from dinh.directory.queries.tree import tree_matching, tree_visible_to
from dinh.directory.queries.units import people_of, units_matching, units_visible_to
from dinh.directory.rest_structure import AppointmentOut, appointment_out
from dinh.directory.views.search import everything_found
from dinh.kernel.rest import NO_NUL

PAGE = 50


class TokenAuth(HttpBearer):
    """`Authorization: Bearer …`: acts in the appointment that the token was issued for."""

    def authenticate(self, request: HttpRequest, token: str) -> Appointment | None:
        found = bearer_of(token, at=timezone.now())
        if found is None:
            return None
        request.user, request.appointment = found  # type: ignore[attr-defined]
        return found[1]


class SessionAuth(APIKeyCookie):
    """The signed-in user of the pages, with the CSRF token on writes; never beside a bearer token."""

    param_name = settings.SESSION_COOKIE_NAME

    def _get_key(self, request: HttpRequest) -> str | None:
        if "Authorization" in request.headers or self.param_name not in request.COOKIES:
            return None
        return super()._get_key(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Appointment | None:
        return getattr(request, "appointment", None) if key else None


class HitOut(Schema):
    """One thing found: its name, the path of its page, and what tells it from others."""

    label: str
    url: str
    note: str


class FoundPartOut(Schema):
    """What one source found (letters, case files, units, people; without a label: pages), and whether there is more."""

    label: str
    hits: list[HitOut]
    has_more: bool


class UnitOut(Schema):
    id: int
    code: str
    name: str
    short_name: str
    abbreviation: str
    bloc: str
    level: str
    parent_id: int | None
    is_connected: bool


class UnitPage(Schema):
    count: int
    page: int
    items: list[UnitOut]


class AppointmentPage(Schema):
    count: int
    page: int
    items: list[AppointmentOut]


class VersionOut(Schema):
    unit_id: int
    name: str
    short_name: str
    abbreviation: str
    parent_id: int | None
    valid_from: date
    valid_to: date | None


class VersionPage(Schema):
    count: int
    page: int
    items: list[VersionOut]


class PersonOut(Schema):
    id: int
    code: str
    full_name: str
    email: str
    phone: str
    appointments: list[AppointmentOut]


class PersonPage(Schema):
    count: int
    page: int
    items: list[PersonOut]


# One router for reads and changes: an address that has both must be one route.
router = rest_changes.router
rest_structure.install(router)
rest_account.install(router)


@router.get("/search/everything", response=list[FoundPartOut])
def search_everything(
    request: HttpRequest, q: Annotated[str, Query(max_length=200, pattern=NO_NUL)]
) -> list[FoundPartOut]:
    """What the search box of every page finds: of each source the first 20."""
    own: Appointment = request.appointment  # type: ignore[attr-defined]
    return [
        FoundPartOut(
            label=str(part.label),
            hits=[HitOut(label=hit.label, url=hit.url, note=hit.note) for hit in part.hits],
            has_more=bool(part.more_url),
        )
        for part in everything_found(own, q.strip(), limit=20)
    ]


@router.get("/me", response=AppointmentOut)
def me(request: HttpRequest) -> AppointmentOut:
    return appointment_out(_own(request))


@router.get("/units", response=UnitPage)
def units(request: HttpRequest, q: str = "", page: int = 1) -> UnitPage:
    found: QuerySet[Unit] = units_matching(units_visible_to(_own(request)), q)
    at = Paginator(found, PAGE).get_page(page)
    return UnitPage(count=at.paginator.count, page=at.number, items=[UnitOut.from_orm(u) for u in at])


@router.get("/units/{unit_id}", response=UnitOut)
def unit(request: HttpRequest, unit_id: int) -> Unit:
    return get_object_or_404(units_visible_to(_own(request)), pk=unit_id)


@router.get("/appointments", response=AppointmentPage)
def appointments(request: HttpRequest, unit: int, day: date | None = None, page: int = 1) -> AppointmentPage:
    """Who holds a position in a unit on a day (today if none is given), highest first."""
    chosen = get_object_or_404(units_visible_to(_own(request)), pk=unit)
    at = Paginator(people_of(chosen, day or timezone.localdate()), PAGE).get_page(page)
    items = [appointment_out(row) for row in at]
    return AppointmentPage(count=at.paginator.count, page=at.number, items=items)


@router.get("/tree", response=VersionPage)
def tree(
    request: HttpRequest, day: date | None = None, parent: int | None = None, q: str = "", page: int = 1
) -> VersionPage:
    """Units as of a day (today if none is given): what matches `q`, else those directly below `parent`."""
    as_of = day or timezone.localdate()
    found = tree_visible_to(_own(request), day=as_of)
    found = tree_matching(found, q, day=as_of) if q else found.filter(parent=parent)
    at = Paginator(found, PAGE).get_page(page)
    items = [VersionOut.from_orm(row) for row in at]
    return VersionPage(count=at.paginator.count, page=at.number, items=items)


@router.get("/units/{unit_id}/versions", response=list[VersionOut])
def versions(request: HttpRequest, unit_id: int) -> list[VersionOut]:
    """What a unit was called, and under whom it stood, over time, the last first."""
    chosen = get_object_or_404(units_visible_to(_own(request)), pk=unit_id)
    return [VersionOut.from_orm(row) for row in chosen.versions.order_by("-valid_from")]


@router.get("/people", response=PersonPage)
def people(
    request: HttpRequest, q: str = "", position: str = "", day: date | None = None, page: int = 1
) -> PersonPage:
    """
    Officials by given name, each with the positions held on a day (today if none is given); with `position=none`
    only those who hold none.
    """
    wanted = WantedPeople(words=q, day=day or timezone.localdate(), without=position == "none")
    at = Paginator(people_wanted(_own(request), wanted), PAGE).get_page(page)
    items = [
        PersonOut(
            id=row.pk,
            code=row.code,
            full_name=row.full_name,
            email=row.email,
            phone=row.phone,
            appointments=[appointment_out(held) for held in row.held],  # type: ignore[attr-defined]
        )
        for row in at
    ]
    return PersonPage(count=at.paginator.count, page=at.number, items=items)


@router.get("/people.{ending}")
def people_file(
    request: HttpRequest,
    ending: Literal["pdf", "docx", "xlsx"],
    q: str = "",
    position: str = "",
    day: date | None = None,
) -> HttpResponseBase:
    """The list as a file, with the filters of `/people`; the log keeps who took it."""
    wanted = WantedPeople(words=q, day=day or timezone.localdate(), without=position == "none")
    return list_of_people(_own(request), wanted, ending=ending, at=timezone.now())


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
