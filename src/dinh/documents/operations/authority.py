"""In whose name somebody signs (quyền hạn của người ký; Decree 30/2020, Art. 13; Annex I, part I, II.7)."""

import re
from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import AppointmentKind, Bloc, Role
from dinh.directory.models import Appointment, Unit
from dinh.documents.letters import authority_lines
from dinh.kernel.errors import FieldFault

AUTHORITIES = {
    "own": _("In the head's own right"),
    "collective": _("On behalf of the collective (TM.)"),
    "collective_for_head": _("On behalf of the collective, deputy for its head (TM., KT.)"),
    "for_head": _("Deputy for the head (KT.)"),
    "acting_head": _("Acting head (Q.)"),
    "by_order": _("By order of the head (TL.)"),
    "by_delegation": _("By delegation of the head (TUQ.)"),
}
DELEGATED = frozenset({"by_order", "by_delegation"})
_HEADS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY)
_DELEGATES = (*_HEADS, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
_COLLECTIVES = ("Ủy ban nhân dân", "Hội đồng nhân dân")
_PARTY_COMMITTEE = re.compile(r"(Tỉnh|Huyện|Thành|Đảng) ủy\b")
_TITLE = re.compile(r"(Phó )?(Chủ tịch|Trưởng ban)", re.IGNORECASE)


def authority_faults(
    signer: Appointment, authority: str | None, *, fields: tuple[str, str]
) -> Iterator[FieldFault]:
    """
    Why somebody cannot sign under this authority.

    :param authority: a key of `AUTHORITIES`, None for the ordinary one
    :param fields: names of the fields of signer and authority
    """
    if authority not in (None, *AUTHORITIES):
        yield FieldFault(fields[1], _t("Choose the authority from the list."))
    if not signer.has_role(*(_DELEGATES if authority in DELEGATED else _HEADS)):
        yield FieldFault(fields[0], _t("Only the head of the unit or a deputy signs."))


def suggested_authority(leader: Appointment) -> str:
    """
    Key of `AUTHORITIES` under which this person ordinarily signs.

    People's Committees and Councils decide as a collective: their letters bear TM. (Art. 13(1), (2)). A
    Party committee's letters bear T/M of its standing committee, whether secretary or deputy signs
    (Guidance 36-HD/VPTW).
    """
    is_head = leader.has_role(Role.UNIT_HEAD)
    if not is_head and not leader.has_role(Role.UNIT_DEPUTY):
        return "by_order"
    if collective_of(leader.unit):
        deputy = "collective" if leader.unit.bloc == Bloc.PARTY else "collective_for_head"
        return "collective" if is_head else deputy
    if is_head:
        return "acting_head" if leader.kind == AppointmentKind.ACTING else "own"
    return "for_head"


def collective_of(unit: Unit) -> str:
    """Name of the collective in whose name the unit's letters go, empty where one person leads it."""
    if unit.bloc == Bloc.PARTY:
        return "Ban Thường vụ" if _PARTY_COMMITTEE.match(unit.name) else ""
    return next((each for each in _COLLECTIVES if unit.name.startswith(each)), "")


def signature_lines(leader: Appointment, *, authority: str, on: date) -> tuple[str, ...]:
    """The lines above the name, in the form of the unit's bloc on that day."""
    unit = leader.unit
    head = _title(_head_position(unit.pk, on), unit)
    in_collective = authority.startswith("collective")
    return authority_lines(
        bloc=unit.bloc,
        authority="" if authority == "own" else authority,
        on_behalf_of=(collective_of(unit) or unit.name) if in_collective else head,
        position=_title(leader.position.name, unit),
        head_position=head,
        on=on,
    )


def deciding_authority(leader: Appointment, *, authority: str, on: date) -> str:
    """
    Who decides, above the legal bases of a decision (Annex III, model 1.2, note 6).

    The collective by its name; else the head of the unit by position.
    """
    unit = leader.unit
    if authority.startswith("collective"):
        own = "" if collective_of(unit) in _COLLECTIVES else collective_of(unit)
        return " ".join(filter(None, (own, unit.name))).upper()
    head = _title(_head_position(unit.pk, on), unit)
    return f"{head} {unit.name}".strip().upper()


def _head_position(unit_id: int, on: date) -> str:
    heads = Appointment.objects.filter(unit=unit_id, roles__contains=[Role.UNIT_HEAD], start_date__lte=on)
    current = heads.filter(Q(end_date=None) | Q(end_date__gte=on)).select_related("position").first()
    return current.position.name if current else ""


def _title(position: str, unit: Unit) -> str:
    """Under the collective's name its head is "Chủ tịch" alone, not "Chủ tịch Ủy ban nhân dân"."""
    found = _TITLE.match(position) if collective_of(unit) else None
    return found[0] if found else position
