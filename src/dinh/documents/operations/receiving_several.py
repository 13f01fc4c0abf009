"""Register several documents in one go, each by itself (đăng ký nhiều văn bản)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dinh.directory.models import Appointment
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class RegisterOutcome:
    """What became of one document of several: its incoming number, or why there is none."""

    incoming_id: int
    number: int | None = None
    refusal: str = ""


def register_several(
    *, incoming_ids: Sequence[int], actor: Appointment, at: datetime
) -> list[RegisterOutcome]:
    """
    Register in the order of arrival, whatever the order of a list; one refusal does not hold up the others.

    Numbers follow the time of arrival (Decree 30/2020, Annex VI, part I, III.1.đ).
    """
    chosen = list(dict.fromkeys(incoming_ids))
    rows = incoming_visible_to(actor).filter(pk__in=chosen).order_by("arrived_at", "pk")
    known = list(rows.values_list("pk", flat=True))
    missing = [incoming_id for incoming_id in chosen if incoming_id not in known]
    return [_tried(incoming_id, actor, at) for incoming_id in [*known, *missing]]


def _tried(incoming_id: int, actor: Appointment, at: datetime) -> RegisterOutcome:
    try:
        done = register_incoming(incoming_id=incoming_id, actor=actor, at=at)
    except DomainError as refusal:
        return RegisterOutcome(incoming_id, refusal=str(refusal))
    return RegisterOutcome(incoming_id, number=done.number)
