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

_LOOKED_AT = 50
_TOLD = 5


def party_of(outgoing: Outgoing) -> Party | None:
    """The other party, None of what is no agreement."""
    return Party.objects.filter(outgoing=outgoing).select_related("unit").first()


def head_of_unit(unit_id: int, today: date) -> Appointment | None:
    """Who leads the unit today and signs agreements for it."""
    heads = staff_of([unit_id], today).filter(roles__contains=[Role.UNIT_HEAD])
    return heads.select_related("unit").first()


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
