"""
What a change of the tree did to which rows, so that it can be withdrawn as a whole before its day.

Changes of the tree happen one at a time (`timeline.lock_structure`), so comparing the rows before and after one
finds exactly what it did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import (
    Appointment,
    DivisionVersion,
    StructureChange,
    Unit,
    UnitIdentifier,
    UnitSuccession,
    UnitVersion,
)
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.timeline import lock_structure
from dinh.directory.rules import keeps_directory
from dinh.kernel.errors import DomainError, NotFound

Rows = dict[int, dict[str, Any]]


class ChangeInForce(DomainError):
    """The day of the change has come: what is in force is changed by a new change."""


class ChangedSince(DomainError):
    """Something was built on the change; that goes first."""


@dataclass(frozen=True)
class Tracked:
    """
    A table that changes of the tree write to.

    :param unit: path to the unit that a row belongs to
    :param fields: what is compared, and restored
    """

    model: type[Model]
    unit: str
    fields: tuple[str, ...]


_NAMES: Final = ("name", "short_name", "abbreviation", "parent_id", "legal_basis", "search_name")
TABLES: Final[Mapping[str, Tracked]] = {
    "unit": Tracked(Unit, "pk", ()),
    "version": Tracked(UnitVersion, "unit_id", (*_NAMES, "valid_from", "valid_to")),
    "identifier": Tracked(UnitIdentifier, "unit_id", ("value", "valid_from", "valid_to")),
    "succession": Tracked(UnitSuccession, "predecessor_id", ("effective_date",)),
    "division": Tracked(DivisionVersion, "division__unit_id", ("valid_from", "valid_to")),
    "appointment": Tracked(Appointment, "unit_id", ("end_date",)),
}
"""In the order of making; withdrawing goes backwards."""


@dataclass
class Journal:
    """Units that a change made or touched; filled in while it happens."""

    unit_ids: set[int]
    made_unit_ids: set[int] = field(default_factory=set)


@contextmanager
def journaled(change: StructureChange, *, unit_ids: Collection[int]) -> Iterator[Journal]:
    """
    Keep in `change` what the block does to the units given and to those that it adds to the journal.

    The caller holds the lock of the structure and has not saved `change` yet; it stays unsaved if nothing changed.
    """
    journal = Journal(set(unit_ids))
    before = _snapshot(journal.unit_ids)
    yield journal
    change.journal = _difference(before, _snapshot(journal.unit_ids | journal.made_unit_ids))
    if any(change.journal["made"].values()) or any(change.journal["changed"].values()):
        change.save()


def withdraw_change(*, change_id: int, actor: Appointment, at: datetime) -> StructureChange:
    """
    Undo a change of the tree whose day has not come. Withdrawing it again changes nothing.

    Appointments that somebody has changed in the meantime stay as they are. Writes an audit entry.

    :raises NotFound: unless the actor keeps the directory and there is such a change
    :raises ChangeInForce: if its day has come
    :raises ChangedSince: if a later change builds on it, or somebody was appointed to a unit that it founds
    """
    try:
        return _withdraw(change_id, actor, at)
    except ProtectedError as refusal:
        raise ChangedSince(
            _("People or records belong to the new units already. Move them first, then withdraw.")
        ) from refusal


def _withdraw(change_id: int, actor: Appointment, at: datetime) -> StructureChange:
    with transaction.atomic():
        lock_structure()
        change = StructureChange.objects.select_for_update(no_key=True).filter(pk=change_id).first()
        if change is None or not keeps_directory(actor):
            raise NotFound(_("There is no such change that you may withdraw."))
        if change.withdrawn_at is not None:
            return change
        if change.effective_date <= timezone.localdate(at):
            raise ChangeInForce(_("This change is in force. Enter a new change instead."))
        _undo(change.journal)
        bring_up_to_date(today=timezone.localdate(at), unit_ids=change.journal["units"])
        change.withdrawn_at = at
        change.save(update_fields=["withdrawn_at"])
        details = {"title": change.title, "effective_date": change.effective_date.isoformat()}
        audit.record("directory.change.withdrawn", target=change, actor=actor, at=at, details=details)
        return change


def _snapshot(unit_ids: Collection[int]) -> dict[str, Rows]:
    return {name: _rows(table, unit_ids) for name, table in TABLES.items()}


def _rows(table: Tracked, unit_ids: Collection[int]) -> Rows:
    found = table.model._default_manager.filter(**{f"{table.unit}__in": unit_ids})
    return _plain_rows(found.order_by().values("pk", *table.fields))


def _plain_rows(rows: Iterable[dict[str, Any]]) -> Rows:
    return {row.pop("pk"): {name: _plain(value) for name, value in row.items()} for row in rows}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _difference(before: Mapping[str, Rows], after: Mapping[str, Rows]) -> dict[str, Any]:
    made: dict[str, Rows] = {}
    changed: dict[str, dict[int, Any]] = {}
    for name in TABLES:
        made[name] = {pk: row for pk, row in after[name].items() if pk not in before[name]}
        pairs = {pk: (row, after[name].get(pk)) for pk, row in before[name].items()}
        changed[name] = {pk: pair for pk, pair in pairs.items() if pair[0] != pair[1]}
    return {"units": sorted(after["unit"]), "made": made, "changed": changed}


def _undo(journal: Mapping[str, Any]) -> None:
    """Delete what was made, then restore what was changed: so no two versions ever hold on one day."""
    for name, table in reversed(list(TABLES.items())):
        made = {int(pk): row for pk, row in journal["made"].get(name, {}).items()}
        if name != "appointment":
            _check_unchanged(table, made)
        table.model._default_manager.filter(pk__in=made).delete()
    for name, table in TABLES.items():
        _restore(name, table, {int(pk): pair for pk, pair in journal["changed"].get(name, {}).items()})


def _restore(name: str, table: Tracked, changed: Mapping[int, tuple[dict[str, Any], dict[str, Any]]]) -> None:
    now = _current(table, changed)
    same = {pk: before for pk, (before, after) in changed.items() if now.get(pk) == after}
    if name != "appointment" and len(same) < len(changed):
        raise _changed_since()
    for values, pks in _grouped(same, changed).items():
        table.model._default_manager.filter(pk__in=pks).update(**dict(values))


def _grouped(
    before: Mapping[int, dict[str, Any]], changed: Mapping[int, tuple[dict[str, Any], dict[str, Any]]]
) -> dict[tuple[tuple[str, Any], ...], list[int]]:
    """Rows by what they get back, since hundreds get back the same: one statement for each."""
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for pk, row in before.items():
        after = changed[pk][1]
        groups[tuple((name, value) for name, value in row.items() if after[name] != value)].append(pk)
    return groups


def _check_unchanged(table: Tracked, expected: Rows) -> None:
    if _current(table, expected) != expected:
        raise _changed_since()


def _current(table: Tracked, pks: Collection[int]) -> Rows:
    found = table.model._default_manager.filter(pk__in=list(pks))
    return _plain_rows(found.order_by().values("pk", *table.fields))


def _changed_since() -> ChangedSince:
    return ChangedSince(_("A later change builds on this one. Withdraw the later one first."))
