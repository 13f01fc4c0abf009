"""The first administrator of an empty installation, from whom all other units and accounts come."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import Bloc, Level, Role
from dinh.directory.models import Account, Appointment, Person, Position, Unit, UnitVersion
from dinh.directory.names import search_name_of
from dinh.directory.operations.accounts import HandedOut
from dinh.directory.operations.groups import make_ruled_groups
from dinh.directory.operations.passwords import hand_out_password
from dinh.directory.operations.structure import UnitNames
from dinh.directory.operations.timeline import lock_structure
from dinh.kernel.errors import DomainError
from dinh.kernel.text import fold, person_sort_key, sort_key


class AlreadyFounded(DomainError):
    """There are units: their administrators open accounts."""


@dataclass(frozen=True, kw_only=True)
class Founding:
    """The unit that keeps the directory, and who administers it."""

    unit_name: str
    abbreviation: str
    place: str
    full_name: str
    username: str


@transaction.atomic
def found_directory(*, founding: Founding, at: datetime) -> HandedOut:
    """
    Make the unit that keeps the directory, its administrator with a password for three days, and the first groups.

    :raises AlreadyFounded: if there are units
    """
    lock_structure()
    if Unit.objects.exists():
        raise AlreadyFounded(_("There are units already. Their administrators open accounts."))
    unit = _first_unit(founding, at)
    make_ruled_groups()
    person = Person.objects.create(
        code="1",
        full_name=founding.full_name,
        name_key=person_sort_key(founding.full_name),
        search_name=fold(founding.full_name),
    )
    position, _made = Position.objects.get_or_create(
        code="quan-tri", defaults={"name": "Quản trị", "rank": 99}
    )
    appointment = Appointment.objects.create(
        person=person,
        unit=unit,
        position=position,
        roles=[Role.ADMINISTRATOR],
        start_date=timezone.localdate(at),
    )
    account = Account.objects.create(
        username=founding.username.strip().lower(),
        person=person,
        current_appointment=appointment,
        password=make_password(None),
    )
    audit.record("directory.unit.founded", target=unit, actor=None, at=at, details=asdict(founding))
    return HandedOut(account, hand_out_password(account=account, actor=account, at=at))


def _first_unit(founding: Founding, at: datetime) -> Unit:
    names = UnitNames(
        name=founding.unit_name,
        short_name=founding.unit_name[:80],
        abbreviation=founding.abbreviation,
        parent_id=None,
    )
    day, found = timezone.localdate(at), search_name_of(names)
    unit = Unit.objects.create(
        **asdict(names),
        code=founding.abbreviation,
        bloc=Bloc.GOVERNMENT,
        level=Level.PROVINCE,
        place=founding.place,
        keeps_directory=True,
        name_key=sort_key(names.name),
        search_name=found,
        founded_date=day,
    )
    UnitVersion.objects.create(unit=unit, **asdict(names), search_name=found, valid_from=day)
    return unit
