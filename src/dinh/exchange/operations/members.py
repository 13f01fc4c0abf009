"""Members and their systems (thành viên, hệ thống)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.enums import PartyState
from dinh.exchange.models import Member, System
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.queries.registry import systems_visible_to
from dinh.exchange.rules import keeps_exchange, looks_after, looks_after_member
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound, NotPermitted


class AlreadyThere(DomainError):
    """Somebody has this code already."""


class NotInThatState(DomainError):
    """The state does not allow this, or somebody else was first."""


@dataclass(frozen=True, slots=True)
class NewMember:
    instance: str
    member_class: str
    code: str
    name: str
    unit_id: int | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class NewSystem:
    member_id: int
    code: str
    name: str
    description: str = ""
    contact: str = ""


def checked(row: models.Model) -> None:
    """:raises InvalidInput: naming each field that its model refuses"""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        faults = [FieldFault(field, " ".join(said)) for field, said in error.message_dict.items()]
        raise InvalidInput(_("Correct the fields named below."), faults=faults) from error


def saved(row: models.Model, *, field: str, refusal: str) -> None:
    """:raises AlreadyThere: naming the field, if the row is there already"""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyThere(refusal, field=field) from error


@transaction.atomic
def register_member(*, new: NewMember, actor: Appointment, at: datetime) -> Member:
    """
    Let an organisation take part. Writes an audit entry and tells the gateways.

    :raises NotPermitted: unless the actor keeps the platform
    :raises InvalidInput, AlreadyThere:
    """
    if not keeps_exchange(actor):
        raise NotPermitted(_("Only the keeper of the platform registers members."))
    member = Member(**{name: getattr(new, name) for name in NewMember.__dataclass_fields__})
    checked(member)
    saved(member, field="code", refusal=_("There is a member with this identifier."))
    record(
        "exchange.member.registered", target=member, actor=actor, at=at, details={"code": member.identifier}
    )
    tell_gateways()
    return member


@transaction.atomic
def rename_member(*, member_id: int, name: str, actor: Appointment, at: datetime) -> Member:
    """
    Call an organisation otherwise; its identifier stays. Writes an audit entry.

    :raises NotFound, NotPermitted, InvalidInput:
    """
    member = _locked_member(member_id, actor)
    before, member.name = member.name, name.strip()
    checked(member)
    member.save(update_fields=["name"])
    systems = list(member.systems.all())
    for system in systems:
        system.note_search_name()
    System.objects.bulk_update(systems, ["search_name"])
    details = {"from": before, "to": member.name}
    record("exchange.member.renamed", target=member, actor=actor, at=at, details=details)
    return member


@transaction.atomic
def end_member(*, member_id: int, last_day: date, actor: Appointment, at: datetime) -> Member:
    """
    Let an organisation take part until a day, as when agencies merge; its rows stay, so that old exchanges are read.

    From the next day on neither its systems' calls nor those to their services go through. Writes an audit entry and
    tells the gateways. A day that has not gone by can be changed.

    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    member, today = _locked_member(member_id, actor), timezone.localdate(at)
    if member.valid_to is not None and member.valid_to < today:
        raise NotInThatState(_("This member has ended already."))
    if last_day < today - timedelta(days=1) or last_day < member.valid_from:
        raise InvalidInput(_("Choose yesterday or a later day, after its first one."), field="last_day")
    member.valid_to = last_day
    member.save(update_fields=["valid_to"])
    details = {"last_day": last_day.isoformat()}
    record("exchange.member.ended", target=member, actor=actor, at=at, details=details)
    tell_gateways()
    return member


def suspend_member(*, member_id: int, reason: str, actor: Appointment, at: datetime) -> Member:
    """
    Shut an organisation out with all of its systems, until it is let in again.

    Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    return _member_moved(member_id, PartyState.ACTIVE, PartyState.SUSPENDED, reason, actor, at)


def resume_member(*, member_id: int, reason: str, actor: Appointment, at: datetime) -> Member:
    """Let an organisation in again; errors as `suspend_member`."""
    return _member_moved(member_id, PartyState.SUSPENDED, PartyState.ACTIVE, reason, actor, at)


def tell_of_ended_members(*, at: datetime) -> int:
    """
    Let the gateways read the registry anew after a member's last day. Safe to repeat.

    :returns: how many members ended yesterday
    """
    ended = Member.objects.filter(valid_to=timezone.localdate(at) - timedelta(days=1)).count()
    if ended:
        with transaction.atomic():
            tell_gateways()
    return ended


@transaction.atomic
def _member_moved(
    member_id: int, before: PartyState, after: PartyState, reason: str, actor: Appointment, at: datetime
) -> Member:
    member = _locked_member(member_id, actor)
    wrong = _("The member is not in a state for this. Reload the page.")
    _move(member, before, after, reason, wrong=wrong)
    details = {"to": str(after), "reason": reason.strip()[:500]}
    record("exchange.member.moved", target=member, actor=actor, at=at, details=details)
    return member


def _move(party: Member | System, before: PartyState, after: PartyState, reason: str, *, wrong: str) -> None:
    """
    From one state to another, and the gateways know; the caller writes the audit entry.

    :raises InvalidInput, NotInThatState:
    """
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    if party.state != before:
        raise NotInThatState(wrong)
    party.state = after
    party.save(update_fields=["state"])
    tell_gateways()


def _locked_member(member_id: int, actor: Appointment) -> Member:
    """:raises NotFound: unless the actor keeps the platform, too: to others there is nothing to change"""
    member = Member.objects.select_for_update(no_key=True).filter(pk=member_id).first()
    if member is None or not keeps_exchange(actor):
        raise NotFound(_("There is no such member."))
    return member


@transaction.atomic
def register_system(*, new: NewSystem, actor: Appointment, at: datetime) -> System:
    """
    Add a system to a member. Writes an audit entry and tells the gateways.

    :raises NotPermitted: unless the actor looks after the member's systems
    :raises InvalidInput, AlreadyThere:
    """
    member = Member.objects.filter(pk=new.member_id).first()
    if member is None or not looks_after_member(actor, member):
        raise NotPermitted(_("You do not look after the systems of this member."))
    system = System(
        member=member,
        code=new.code,
        name=new.name,
        description=new.description,
        contact=new.contact,
        created_at=at,
    )
    checked(system)
    saved(system, field="code", refusal=_("This member has a system with this code."))
    record(
        "exchange.system.registered", target=system, actor=actor, at=at, details={"code": system.identifier}
    )
    tell_gateways()
    return system


def suspend_system(*, system_id: int, reason: str, actor: Appointment, at: datetime) -> System:
    """
    Shut a system out: neither its calls nor those to its services go through any more.

    Writes an audit entry and tells the gateways.

    :raises NotFound: if the actor does not see it
    :raises NotPermitted, InvalidInput, NotInThatState:
    """
    return _moved(system_id, PartyState.ACTIVE, PartyState.SUSPENDED, reason, actor, at)


def resume_system(*, system_id: int, reason: str, actor: Appointment, at: datetime) -> System:
    """Let a system in again; errors as `suspend_system`. Only the keeper of the platform."""
    if not keeps_exchange(actor):
        raise NotPermitted(_("Only the keeper of the platform lets a system in again."))
    return _moved(system_id, PartyState.SUSPENDED, PartyState.ACTIVE, reason, actor, at)


@transaction.atomic
def revoke_tokens(*, system_id: int, actor: Appointment, at: datetime) -> System:
    """
    Refuse every token that the system was given before now. Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted:
    """
    system = locked_system(system_id, actor)
    system.tokens_valid_from = at
    system.save(update_fields=["tokens_valid_from"])
    record("exchange.system.tokens_revoked", target=system, actor=actor, at=at)
    tell_gateways()
    return system


def locked_system(system_id: int, actor: Appointment) -> System:
    """:raises NotFound, NotPermitted:"""
    visible = systems_visible_to(actor).select_for_update(of=("self",), no_key=True)
    system = visible.filter(pk=system_id).first()
    if system is None:
        raise NotFound(_("There is no such system."))
    if not looks_after(actor, system):
        raise NotPermitted(_("You do not look after this system."))
    return system


@transaction.atomic
def _moved(
    system_id: int, before: PartyState, after: PartyState, reason: str, actor: Appointment, at: datetime
) -> System:
    system = locked_system(system_id, actor)
    wrong = _("The system is not in a state for this. Reload the page.")
    _move(system, before, after, reason, wrong=wrong)
    details = {"to": str(after), "reason": reason.strip()[:500]}
    record("exchange.system.moved", target=system, actor=actor, at=at, details=details)
    return system
