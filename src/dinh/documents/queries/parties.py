"""The other party of an agreement (bên B)."""

from collections.abc import Sequence
from datetime import date

from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.documents.models import Outgoing, Party
from dinh.documents.queries.people import staff_of
from dinh.documents.queries.units import units_in_being
from dinh.kernel.text import fold

_SIGNING = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
_LOOKED_AT = 50
_TOLD = 5


def party_of(outgoing: Outgoing) -> Party | None:
    """The other party, None of what is no agreement."""
    return Party.objects.filter(outgoing=outgoing).select_related("unit").first()


def signer_of_unit(unit_id: int, signer_id: int | None, today: date) -> Appointment | None:
    """
    Who of the unit signs an agreement for it: this appointment if it holds today; where none is asked for, the head.
    """
    people = staff_of([unit_id], today).select_related("unit")
    asked = people.filter(pk=signer_id) if signer_id else people.filter(roles__contains=[Role.UNIT_HEAD])
    return asked.first()


def signers_found(words: str, *, chosen: int | None, sender: Unit) -> list[Appointment]:
    """
    Who may sign for the units that a party's name may mean, and for that of whoever is chosen already: head and
    deputies of each unit, then those who lead its divisions.
    """
    today = timezone.localdate()
    own = staff_of([sender.pk], today).values("pk")
    units = {each.pk for each in party_named(words, sender=sender)}
    if chosen is not None:
        units |= set(
            Appointment.objects.filter(pk=chosen).exclude(pk__in=own).values_list("unit_id", flat=True)
        )
    people = staff_of(units, today).filter(roles__overlap=list(_SIGNING)).select_related("unit")
    return sorted(people, key=lambda each: (each.unit_id, _rank(each)))


def _rank(signer: Appointment) -> int:
    return next(rank for rank, role in enumerate(_SIGNING) if signer.has_role(role))


def party_named(words: str, *, sender: Unit) -> list[Unit]:
    """
    The units that a party's name may mean, with or without diacritics: the one of that very name or short name, else
    the first few whose names have these words; never the sender.
    """
    wanted = fold(words).strip()
    if not wanted:
        return []
    units = units_in_being(timezone.localdate()).exclude(pk=sender.pk)
    for word in wanted.split():
        units = units.filter(search_name__contains=word)
    found = list(units[:_LOOKED_AT])
    named = [each for each in found if is_name_of(words, [each])]
    return named if len(named) == 1 else found[:_TOLD]


def is_name_of(words: str, units: Sequence[Unit]) -> bool:
    """Whether these words are the name or short name of the one unit."""
    return len(units) == 1 and fold(words).strip() in (fold(units[0].name), fold(units[0].short_name))
