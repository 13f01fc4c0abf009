"""Identifier codes of units, each valid in a period."""

import re
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import IdentifierForm
from dinh.directory.models import Appointment, Unit, UnitIdentifier
from dinh.directory.operations.timeline import lock_structure
from dinh.directory.periods import overlaps
from dinh.directory.rules import keeps_directory
from dinh.kernel.errors import DomainError, InvalidInput, NotFound

_FORMS: Final = {
    IdentifierForm.OLD: re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"),
    IdentifierForm.NEW: re.compile(r"[A-Z]\d{2}(\.\d{2,3}){0,4}"),
    IdentifierForm.GSO: re.compile(r"\d{2,5}"),
}
"""QCVN 102:2016/BTTTT; Decision 20/2020/QĐ-TTg; codes of the General Statistics Office."""


class UnfitCode(InvalidInput):
    """The code does not look as its form asks."""


class CodeTaken(DomainError):
    """A unit has this code at that time."""


@transaction.atomic
def give_identifier(
    *,
    unit_id: int,
    form: IdentifierForm,
    value: str,
    valid_from: date,
    valid_to: date | None,
    actor: Appointment,
    at: datetime,
) -> UnitIdentifier:
    """
    Give a unit a code for a period.

    :param valid_to: last day, None if it has no end yet
    :raises NotFound: unless the actor keeps the directory and there is such a unit
    :raises UnfitCode: if it does not look as its form asks
    :raises CodeTaken: if a unit, this one or another, has it on a day of the period
    """
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not keeps_directory(actor):
        raise NotFound(_("There is no such unit that you may change."))
    value = value.strip().upper()
    if not _FORMS[form].fullmatch(value):
        raise UnfitCode(_("The code does not have the form that you chose, e.g. H03.12."), field="value")
    _check_period(valid_from, valid_to)
    lock_structure()
    taken = UnitIdentifier.objects.filter(overlaps(valid_from, valid_to), form=form, value=value)
    holder = taken.select_related("unit").first()
    if holder is not None:
        text = _("%(unit)s has this code at that time. End it there first.") % {"unit": holder.unit.name}
        raise CodeTaken(text, field="value")
    identifier = UnitIdentifier.objects.create(
        unit=unit, form=form, value=value, valid_from=valid_from, valid_to=valid_to
    )
    details = {"form": form, "value": value, "valid_from": str(valid_from), "valid_to": _iso(valid_to)}
    audit.record("directory.identifier.given", target=unit, actor=actor, at=at, details=details)
    return identifier


@transaction.atomic
def end_identifier(*, identifier_id: int, last_day: date, actor: Appointment, at: datetime) -> None:
    """
    Let a code hold until a day, that day included. It stays in old records for ever.

    :raises NotFound: unless the actor keeps the directory and there is such a code
    :raises InvalidInput: if the day lies before its first
    :raises CodeTaken: if a longer time than before runs into that of another unit
    """
    lock_structure()
    identifier = UnitIdentifier.objects.select_related("unit").filter(pk=identifier_id).first()
    if identifier is None or not keeps_directory(actor):
        raise NotFound(_("There is no such code that you may change."))
    _check_period(identifier.valid_from, last_day)
    others = UnitIdentifier.objects.filter(form=identifier.form, value=identifier.value)
    if others.filter(overlaps(identifier.valid_from, last_day)).exclude(pk=identifier.pk).exists():
        raise CodeTaken(_("Another unit has this code at that time."), field="valid_to")
    details = {"value": identifier.value, "valid_to": [_iso(identifier.valid_to), _iso(last_day)]}
    identifier.valid_to = last_day
    identifier.save(update_fields=["valid_to"])
    audit.record("directory.identifier.ended", target=identifier.unit, actor=actor, at=at, details=details)


def _check_period(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise InvalidInput(_("The last day is before the first."), field="valid_to")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
