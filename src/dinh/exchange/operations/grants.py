"""Access is asked for, approved or refused by the service's owner, and revoked (quyền khai thác)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.exchange.enums import GrantState, VersionState
from dinh.exchange.models import AccessGrant, Operation
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.members import NotInThatState, checked, locked_system
from dinh.exchange.operations.telling import tell_of_decision
from dinh.exchange.queries.registry import grants_visible_to, versions_visible_to
from dinh.exchange.rules import decides_on, may_revoke
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.worklist.api import NewWork, add_work, finish_work

WORK_KIND: Final = "exchange.decide"
LONGEST: Final = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class NewGrant:
    """
    What is asked for: which operations of one version, what for, on which legal basis, how long and how often.

    :param daily_quota, rate: calls a day and a second, of each operation
    """

    system_id: int
    version_id: int
    operation_ids: Sequence[int]
    purpose: str
    legal_basis: str
    valid_from: date
    valid_to: date
    daily_quota: int = 10_000
    rate: int = 20


@transaction.atomic
def ask_for_access(*, new: NewGrant, actor: Appointment, at: datetime) -> AccessGrant:
    """
    Ask the owner of a service for access in the name of a system.

    Writes an audit entry; the request waits in the owner's worklist.

    :raises NotFound, NotPermitted: if the actor does not look after the system, or the version is not there
    :raises InvalidInput: naming the field
    :raises NotInThatState: if the version is withdrawn
    """
    system = locked_system(new.system_id, actor)
    version = versions_visible_to(actor).filter(pk=new.version_id).first()
    if version is None:
        raise NotFound(_("There is no such version."))
    if version.state == VersionState.RETIRED:
        raise NotInThatState(_("This version is withdrawn."))
    operations = list(Operation.objects.filter(version=version, pk__in=new.operation_ids))
    _check(new, operations, at)
    grant = AccessGrant(
        system=system,
        version=version,
        purpose=new.purpose.strip(),
        legal_basis=new.legal_basis.strip(),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        daily_quota=new.daily_quota,
        rate=new.rate,
        asked_at=at,
        asked_by=actor,
    )
    checked(grant)
    grant.save(force_insert=True)
    grant.operations.set(operations)
    record("exchange.grant.asked", target=grant, actor=actor, at=at, details=_details(grant, operations))
    _let_wait(grant, at)
    return grant


@transaction.atomic
def approve_grant(*, grant_id: int, reason: str, actor: Appointment, at: datetime) -> AccessGrant:
    """
    Let the system call. Writes an audit entry, tells those who look after the system, and the gateways.

    :raises NotFound, NotPermitted: if it is not the actor's to decide
    :raises NotInThatState: if it was decided already
    """
    grant = _locked(grant_id, actor)
    if not decides_on(actor, grant):
        raise NotPermitted(_("The owner of the service decides on this."))
    return _moved(grant, GrantState.ASKED, GrantState.APPROVED, reason, actor, at)


@transaction.atomic
def refuse_grant(*, grant_id: int, reason: str, actor: Appointment, at: datetime) -> AccessGrant:
    """
    Refuse a request, with a reason. Writes an audit entry; errors as `approve_grant`.

    :raises InvalidInput: without a reason
    """
    grant = _locked(grant_id, actor)
    if not decides_on(actor, grant):
        raise NotPermitted(_("The owner of the service decides on this."))
    _check_reason(reason)
    return _moved(grant, GrantState.ASKED, GrantState.REFUSED, reason, actor, at)


@transaction.atomic
def revoke_grant(*, grant_id: int, reason: str, actor: Appointment, at: datetime) -> AccessGrant:
    """
    End a grant, with a reason; its holder may give it up too. Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    grant = _locked(grant_id, actor)
    if grant.state == GrantState.APPROVED and not may_revoke(actor, grant):
        raise NotPermitted(_("This is the owner's or the holder's to end."))
    _check_reason(reason)
    return _moved(grant, GrantState.APPROVED, GrantState.REVOKED, reason, actor, at)


def _check(new: NewGrant, operations: list[Operation], at: datetime) -> None:
    if not operations or len(operations) != len(set(new.operation_ids)):
        raise InvalidInput(_("Choose at least one operation of this version."), field="operations")
    if not new.purpose.strip():
        raise InvalidInput(_("Say what the data is used for."), field="purpose")
    if not new.legal_basis.strip():
        raise InvalidInput(_("Name the legal basis."), field="legal_basis")
    if new.valid_to < max(new.valid_from, timezone.localdate(at)):
        raise InvalidInput(_("The last day is before the first, or in the past."), field="valid_to")
    if new.valid_to - new.valid_from > LONGEST:
        raise InvalidInput(_("Access is granted for five years at most."), field="valid_to")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")


def _details(grant: AccessGrant, operations: list[Operation]) -> dict[str, object]:
    return {
        "system": grant.system.identifier,
        "service": f"{grant.version.service.code}/{grant.version.version}",
        "operations": [str(each) for each in operations],
        "purpose": grant.purpose,
        "legal_basis": grant.legal_basis,
        "from": grant.valid_from.isoformat(),
        "to": grant.valid_to.isoformat(),
        "daily_quota": grant.daily_quota,
        "rate": grant.rate,
    }


def _let_wait(grant: AccessGrant, at: datetime) -> None:
    """For the head of the owner's unit; for an outside owner's service, with the keeper of the platform."""
    owner = grant.version.service.system.member.unit_id
    keeper = None if owner else Unit.objects.filter(keeps_directory=True).order_by("pk").first()
    unit_id = owner or (keeper.pk if keeper else None)
    if unit_id is None:
        return
    title = _("%(system)s asks for %(service)s") % {
        "system": grant.system.name,
        "service": grant.version.service.title,
    }
    work = NewWork(
        kind=WORK_KIND,
        unit_id=unit_id,
        target_type=AccessGrant._meta.label_lower,
        target_id=grant.pk,
        title=title[:200],
        url=reverse("exchange:grant", args=[grant.pk]),
        created_at=at,
        role=Role.UNIT_HEAD if owner else Role.ADMINISTRATOR,
    )
    add_work([work])


def _locked(grant_id: int, actor: Appointment) -> AccessGrant:
    visible = grants_visible_to(actor).select_for_update(of=("self",), no_key=True)
    grant = visible.filter(pk=grant_id).first()
    if grant is None:
        raise NotFound(_("There is no such grant."))
    return grant


def _moved(
    grant: AccessGrant,
    before: GrantState,
    after: GrantState,
    reason: str,
    actor: Appointment,
    at: datetime,
) -> AccessGrant:
    if grant.state != before:
        raise NotInThatState(_("This has been decided already. Reload the page."))
    grant.state, grant.decided_at, grant.reason = after, at, reason.strip()[:500]
    if after == GrantState.APPROVED:
        grant.approved_at = at
    grant.save(update_fields=["state", "approved_at", "decided_at", "reason"])
    details = {"to": str(after), "reason": grant.reason}
    record(f"exchange.grant.{after}", target=grant, actor=actor, at=at, details=details)
    finish_work(grant, at=at)
    tell_of_decision(grant, actor=actor, at=at)
    tell_gateways()
    return grant
