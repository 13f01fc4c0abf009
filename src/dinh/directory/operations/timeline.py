"""Versions of a thing over time: cut on a day, closed on a day. No two of them ever hold on the same day."""

from copy import copy
from datetime import date, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dinh.directory.models import DivisionVersion, UnitVersion
from dinh.directory.periods import holds_on
from dinh.kernel.errors import InvalidInput

Version = TypeVar("Version", UnitVersion, DivisionVersion)
_LOCK = 3_920_001
"""Any number that no other advisory lock of the house has."""


class NotInForce(InvalidInput):
    """The thing does not exist on the day from which it shall change."""


def lock_structure() -> None:
    """
    One change of the tree at a time, until the transaction ends. Such changes are rare, and only so
    can two of them at once not make a circle or give one code to two units.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def cut(versions: QuerySet[Version], *, day: date) -> Version:
    """
    The version that begins on a day: the one that does already, or a copy of the one that holds, which
    then ends the day before. Later versions stay as they are, so a change lasts until the next one recorded.

    :raises NotInForce: if none holds on that day
    """
    version = versions.filter(holds_on(day)).first()
    if version is None:
        raise NotInForce(
            _("It does not exist on this day. Choose a day on which it does."), field="valid_from"
        )
    if version.valid_from == day:
        return version
    later = copy(version)
    later.pk, later.valid_from = None, day
    later._state.adding = True
    version.valid_to = day - timedelta(days=1)
    version.save(update_fields=["valid_to"])
    later.save()
    return later


def close(versions: QuerySet[Version], *, day: date) -> None:
    """
    Let nothing hold from a day on.

    :raises NotInForce: if none holds on that day, or a change is recorded for later
    """
    version = versions.filter(holds_on(day)).first()
    if version is None:
        raise NotInForce(
            _("It does not exist on this day. Choose a day on which it does."), field="valid_from"
        )
    if versions.filter(valid_from__gte=day).exists():
        raise NotInForce(
            _("A change is recorded for this day or later. Choose a day after it."), field="valid_from"
        )
    version.valid_to = day - timedelta(days=1)
    version.save(update_fields=["valid_to"])
