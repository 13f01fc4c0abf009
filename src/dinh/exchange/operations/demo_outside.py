"""The demo's outside services: the sandbox's stand-ins, registered as their owners would and open to the house."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from dinh.directory.models import Appointment
from dinh.exchange.enums import GrantState, VersionState
from dinh.exchange.models import Member, Service, ServiceVersion, System
from dinh.exchange.openapi import read_description
from dinh.exchange.operations.grants import NewGrant, approve_grant, ask_for_access
from dinh.exchange.operations.members import NewMember, NewSystem, register_member, register_system
from dinh.exchange.operations.services import (
    NewService,
    NewVersion,
    move_provider,
    offer_service,
    publish_version,
)
from dinh.exchange.outside import OUTSIDE_SERVICES, OutsideService

_DESCRIPTIONS: Final = Path(__file__).parents[1] / "data" / "outside"
ACCOUNTS: Final = {
    "portal": {"name": "H03", "secret": "sandbox", "code": "000.00.00.H03"},
    "post": {"name": "BACKAN", "secret": "sandbox", "code": "BACKAN"},
}
"""What the stand-ins know the province by."""


@transaction.atomic
def register_outside_services(
    *, keeper: Appointment, caller: System, sandbox: str, at: datetime, timeout_seconds: int = 30
) -> None:
    """
    Register what the rules of today name, each at its stand-in, and let the caller use it. Safe to repeat.

    :param sandbox: address of the sandbox; where it has moved, its services follow
    :raises DomainError: if the keeper may not
    """
    for rule in OUTSIDE_SERVICES.on(timezone.localdate(at)):
        service = _service(rule, keeper, at)
        version = _version(rule, service, f"{sandbox}/outside/{rule.code}", keeper, at, timeout_seconds)
        _let_in(caller, version, keeper, at)


def _service(rule: OutsideService, keeper: Appointment, at: datetime) -> Service:
    found = Service.objects.filter(code=rule.service).first()
    if found is not None:
        return found
    named = {"instance": "VN", "member_class": rule.owner_class, "code": rule.owner_code}
    member = Member.objects.filter(**named).first() or register_member(
        new=NewMember(**named, name=rule.owner, unit_id=None, valid_from=rule.valid_from), actor=keeper, at=at
    )
    system = System.objects.filter(member=member, code=rule.system).first() or register_system(
        new=NewSystem(member.pk, rule.system, f"{rule.title} (giả lập)"), actor=keeper, at=at
    )
    description = read_description(_file(rule).read_bytes())
    new = NewService(system.pk, rule.service, rule.title, description.text)
    return offer_service(new=new, actor=keeper, at=at)


def _version(
    rule: OutsideService, service: Service, address: str, keeper: Appointment, at: datetime, seconds: int
) -> ServiceVersion:
    found = service.versions.filter(version=rule.version).first()
    if found is None:
        new = NewVersion(
            rule.version,
            read_description(_file(rule).read_bytes()),
            address,
            timeout_seconds=seconds,
            trial_url=address,
        )
        return publish_version(service_id=service.pk, new=new, actor=keeper, at=at)
    if found.state != VersionState.RETIRED:
        move_provider(found, address, actor=keeper, at=at)
    return found


def _let_in(caller: System, version: ServiceVersion, keeper: Appointment, at: datetime) -> None:
    if caller.grants.filter(version=version, state=GrantState.APPROVED).exists():
        return
    today = timezone.localdate(at)
    asked = ask_for_access(
        new=NewGrant(
            system_id=caller.pk,
            version_id=version.pk,
            operation_ids=list(version.operations.values_list("pk", flat=True)),
            purpose="Giải quyết thủ tục hành chính liên thông.",
            legal_basis="Nghị định 47/2020/NĐ-CP",
            valid_from=today,
            valid_to=today.replace(year=today.year + 1, day=1),
        ),
        actor=keeper,
        at=at,
    )
    approve_grant(grant_id=asked.pk, reason="Dữ liệu giả lập.", actor=keeper, at=at)


def _file(rule: OutsideService) -> Path:
    return _DESCRIPTIONS / f"{rule.code}.yaml"
