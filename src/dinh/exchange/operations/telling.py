"""Who asked hears what was decided, and callers that a version ends."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.directory.models import Appointment
from dinh.exchange.enums import GrantState, VersionState
from dinh.exchange.models import AccessGrant, ServiceVersion, System
from dinh.exchange.operations.expiry import concerned_with
from dinh.notify.api import notify


def tell_of_decision(grant: AccessGrant, *, actor: Appointment, at: datetime) -> None:
    """
    Tell those who look after the system what was decided, and its owner, too, if a grant ends; but not the actor.

    :param grant: approved, refused or revoked
    """
    systems = [grant.system]
    if grant.state == GrantState.REVOKED:
        systems.append(grant.version.service.system)
    with override(settings.LANGUAGE_CODE):
        text = _decided(grant)
    notify(
        appointment_ids=_others(systems, actor, at),
        kind="exchange.grant",
        text=text,
        url=reverse("exchange:grant", args=[grant.pk]),
        at=at,
        dedupe_key=f"exchange.grant:{grant.pk}:{grant.state}",
    )


def tell_of_end(version: ServiceVersion, *, actor: Appointment, at: datetime) -> None:
    """
    Tell those whose systems may call a version that it will end or has ended, but not the actor.

    :param version: deprecated or retired
    """
    today = timezone.localdate(at)
    grants = version.grants.filter(state=GrantState.APPROVED, valid_to__gte=today)
    systems = [grant.system for grant in grants.select_related("system__member")]
    with override(settings.LANGUAGE_CODE):
        text = _ended(version)
    # A withdrawn one has left the catalogue.
    is_gone = version.state == VersionState.RETIRED
    where = reverse("exchange:grants") if is_gone else reverse("exchange:service", args=[version.service_id])
    notify(
        appointment_ids=_others(systems, actor, at),
        kind="exchange.version",
        text=text,
        url=where,
        at=at,
        dedupe_key=f"exchange.version:{version.pk}:{version.state}",
    )


def _others(systems: Iterable[System], actor: Appointment, at: datetime) -> list[int]:
    today = timezone.localdate(at)
    return [each.pk for each in concerned_with(systems) if each.is_current(today) and each.pk != actor.pk]


def _decided(grant: AccessGrant) -> str:
    told = {
        "system": grant.system.name,
        "service": f"{grant.version.service.title} {grant.version.version}",
        "day": f"{grant.valid_from:%d/%m/%Y}",
        "reason": grant.reason,
    }
    if grant.state == GrantState.APPROVED:
        return _("%(system)s may call %(service)s from %(day)s on.") % told
    if grant.state == GrantState.REFUSED:
        return _("The request of %(system)s for %(service)s was refused: %(reason)s") % told
    return _("%(system)s may no longer call %(service)s: %(reason)s") % told


def _ended(version: ServiceVersion) -> str:
    told = {"service": f"{version.service.title} {version.version}"}
    if version.state == VersionState.RETIRED:
        return _("%(service)s has been withdrawn and answers no more calls.") % told
    if version.sunset_date is None:
        return _("%(service)s will be withdrawn. Move your systems to a newer version.") % told
    text = _("%(service)s will be withdrawn on %(day)s. Move your systems to a newer version before then.")
    return text % (told | {"day": f"{version.sunset_date:%d/%m/%Y}"})
