import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.exchange.enums import PartyState, VersionState
from dinh.exchange.models import AccessGrant, Exchange, Member, Peer, Service, ServiceVersion, System
from dinh.exchange.rules import keeps_exchange, looks_after_systems, speaks_for_unit
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import InvalidInput
from dinh.kernel.text import fold

MASK: Final = "***"


def services_at(addresses: Collection[str]) -> dict[Service, str]:
    """Services with a version in use whose provider stands at one of these, as gateways name them: `host:port`."""
    rows = ServiceVersion.objects.exclude(state=VersionState.RETIRED).select_related(
        "service__system__member"
    )
    places = ((row.service, _place_of(row.base_url)) for row in rows.order_by("service__code", "version"))
    return {service: place for service, place in places if place in addresses}


def _place_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def members_visible_to(appointment: Appointment) -> QuerySet[Member]:
    """Those that the appointment may add systems to."""
    if keeps_exchange(appointment):
        return Member.objects.all()
    if not looks_after_systems(appointment):
        return Member.objects.none()
    return Member.objects.filter(unit_id=appointment.unit_id)


def members_matching(rows: QuerySet[Member], text: str) -> QuerySet[Member]:
    """By name or identifier code."""
    for word in text.replace("\0", "").split():
        rows = rows.filter(Q(name__icontains=word) | Q(code__icontains=word))
    return rows.order_by("name", "pk")


def systems_visible_to(appointment: Appointment) -> QuerySet[System]:
    """The platform's keeper sees all; who looks after a unit's systems, those of the unit."""
    rows = System.objects.select_related("member")
    if keeps_exchange(appointment):
        return rows
    if not looks_after_systems(appointment):
        return rows.none()
    return rows.filter(member__unit_id=appointment.unit_id)


def identifiers_visible_to(appointment: Appointment) -> list[str]:
    """Of the systems, as calls name them."""
    return [system.identifier for system in systems_visible_to(appointment)]


def party_in(identifiers: Collection[str]) -> Q:
    """Of rows with client and provider: one of these systems called or was called."""
    return Q(client__in=identifiers) | Q(provider__in=identifiers)


def systems_matching(rows: QuerySet[System], text: str) -> QuerySet[System]:
    for word in fold(text).split():
        rows = rows.filter(search_name__contains=word)
    # Named again: rows that are grouped lose the model's own order.
    return rows.annotate(service_count=Count("services")).order_by("member__name", "name", "pk")


def peers_visible_to(appointment: Appointment) -> QuerySet[Peer]:
    """Other gateways in use: the platform's keeper's only."""
    rows = Peer.objects.filter(ended_at=None).select_related("system__member")
    return rows if keeps_exchange(appointment) else rows.none()


def services_visible_to(appointment: Appointment) -> QuerySet[Service]:
    """The catalogue is everybody's; what is not offered (any more), its owner's and the keeper's."""
    rows = Service.objects.select_related("system__member")
    if keeps_exchange(appointment):
        return rows
    offered = Q(state=PartyState.ACTIVE, versions__state__in=[VersionState.ACTIVE, VersionState.DEPRECATED])
    own = Q(system__in=systems_visible_to(appointment))
    return rows.filter(offered | own).distinct()


def services_matching(rows: QuerySet[Service], text: str) -> QuerySet[Service]:
    for word in fold(text).split():
        rows = rows.filter(search_name__contains=word)
    return rows.prefetch_related("versions").order_by("title", "pk")


def versions_visible_to(appointment: Appointment) -> QuerySet[ServiceVersion]:
    services = services_visible_to(appointment)
    return ServiceVersion.objects.filter(service__in=services).select_related("service__system__member")


def grants_visible_to(appointment: Appointment) -> QuerySet[AccessGrant]:
    """Both sides see a grant: who asked and who decides."""
    rows = AccessGrant.objects.select_related(
        "system__member", "version__service__system__member", "asked_by__person", "asked_by__unit"
    )
    if keeps_exchange(appointment):
        return rows
    own = systems_visible_to(appointment)
    return rows.filter(Q(system__in=own) | Q(version__service__system__in=own))


def grants_matching(rows: QuerySet[AccessGrant], *, text: str, state: str) -> QuerySet[AccessGrant]:
    for word in fold(text).split():
        rows = rows.filter(
            Q(system__search_name__contains=word) | Q(version__service__search_name__contains=word)
        )
    return rows.filter(state=state) if state else rows


def exchanges_visible_to(appointment: Appointment) -> QuerySet[Exchange]:
    """Calls from and to the systems that the appointment looks after."""
    if keeps_exchange(appointment):
        return Exchange.objects.all()
    return Exchange.objects.filter(party_in(identifiers_visible_to(appointment)))


def own_clients(appointment: Appointment) -> list[str]:
    """
    Identifiers of the systems in whose name the appointment's own unit calls: their users are its own people.

    The platform's keeper sees all calls, but is on the asking side of its own unit's only.
    """
    if not speaks_for_unit(appointment):
        return []
    rows = System.objects.filter(member__unit_id=appointment.unit_id).select_related("member")
    return [system.identifier for system in rows]


def masked(exchanges: Iterable[Exchange], *, own: Sequence[str]) -> list[Exchange]:
    """
    The rows as they are shown: who the user was is the client's own matter, others see that one was named.

    :param own: clients whose users may be seen
    """
    rows = list(exchanges)
    for row in rows:
        if row.user_id and row.client not in own:
            row.user_id = MASK
    return rows


def exchanges_matching(
    rows: QuerySet[Exchange],
    *,
    text: str,
    service: str = "",
    outcome: str = "",
    since: date | None = None,
    until: date | None = None,
    own: Sequence[str] = (),
) -> QuerySet[Exchange]:
    """
    :param since, until: days in Viet Nam, both included
    :raises InvalidInput: if the last day lies before the first one
    :param text: id of the exchange, of its message, a user, an issue, a system's identifier, or a represented party's,
        whole
    :param own: clients whose users may be looked for
    """
    if text:
        known = (
            Q(message_id=text) | Q(issue=text) | Q(client=text) | Q(provider=text) | Q(represented_party=text)
        )
        known |= Q(user_id=text, client__in=own)
        rows = rows.filter(known | Q(id=text) if _is_uuid(text) else known)
    if since and until and since > until:
        raise InvalidInput(_("The last day is before the first one."), field="until")
    if since:
        rows = rows.filter(started_at__gte=datetime.combine(since, time.min, VIETNAM))
    if until:
        rows = rows.filter(started_at__lt=datetime.combine(until + timedelta(days=1), time.min, VIETNAM))
    if service:
        rows = rows.filter(service=service)
    if outcome:
        rows = rows.filter(outcome=outcome)
    return rows.order_by("-started_at", "-id")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
