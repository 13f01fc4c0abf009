"""How far documents are settled: the follow-up book and the two reports of Annex VI, part I, section V."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import AssignmentRole, Channel, IncomingState, OutgoingState
from dinh.documents.models import Assignment, Incoming, Outgoing, Recipient
from dinh.documents.queries.inbox import day_begins
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.text import fold

OPEN_IN_TIME, OPEN_LATE, DONE_IN_TIME, DONE_LATE = "open", "open-late", "done", "done-late"
PROGRESS = [
    (OPEN_IN_TIME, _("Open, in time")),
    (OPEN_LATE, _("Open, late")),
    (DONE_IN_TIME, _("Done in time")),
    (DONE_LATE, _("Done late")),
]
_ENDED = (OutgoingState.ISSUED, OutgoingState.VOIDED, OutgoingState.RECALLED, OutgoingState.REPLACED)
_HANDLING = (IncomingState.ASSIGNED, IncomingState.IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """
    What a report covers; what is empty does not narrow it.

    :param since, until: first and last day of registering (incoming), of issue (outgoing), or of going to the post
    :param progress: one of `PROGRESS`, of the follow-up book only
    :param holder: words of the division or person that leads, of the follow-up book only
    """

    since: date | None = None
    until: date | None = None
    progress: str = ""
    holder: str = ""


def followed_up(appointment: Appointment, wanted: Period, *, now: datetime) -> "QuerySet[Incoming]":
    """
    Registered arrivals by number, with `holders`, `reply_codes` and `leader` for the follow-up book.

    Rows of old registers are left out: nothing is known of their settlement.
    """
    parts = Assignment.objects.filter(incoming=OuterRef("pk"), withdrawn_at=None)
    names = parts.filter(role__in=[AssignmentRole.LEAD, AssignmentRole.SUPPORT]).order_by("role", "pk")
    named = names.values(name=Coalesce(F("appointment__person__full_name"), F("division__name")))
    replies = Outgoing.objects.filter(replies_to=OuterRef("pk"), issued_at__isnull=False)
    rows = _registered(appointment, wanted).filter(_in_progress(wanted.progress, now))
    for word in wanted.holder.replace("\0", " ").split():
        rows = rows.filter(Q(leader__icontains=word) | Q(leader_name__contains=fold(word)))
    return (
        rows.select_related("document", "book")
        .defer("document__search_text", "document__search_vector", "verdict_details")
        .annotate(
            holders=ArraySubquery(named),
            reply_codes=ArraySubquery(replies.order_by("pk").values("document__code")),
        )
        .order_by("-registered_at", "-number")
    )


def posted_letters(appointment: Appointment, wanted: Period) -> "QuerySet[Recipient]":
    """
    Recipients whom letters went to on paper, the last first, with `went_at`: when the clerk confirmed it, before that
    when the letter was issued (sổ gửi văn bản đi bưu điện; Annex IV, part III).
    """
    rows = Recipient.objects.filter(
        outgoing__in=outgoing_visible_to(appointment).order_by().values("pk"),
        channel=Channel.PAPER,
        sent_at__isnull=False,
    )
    return (
        rows.annotate(went_at=Coalesce("posted_at", "sent_at"))
        .filter(_within("went_at", wanted))
        .select_related("outgoing__document")
        .only("name", "address", "posted_note", "outgoing", "outgoing__document__code")
        .order_by("-went_at", "-pk")
    )


def incoming_settlement(
    appointment: Appointment, wanted: Period, *, now: datetime
) -> "list[dict[str, object]]":
    """For each division or person that leads: how many came, and how many are done or open, in time or late."""
    amounts = {
        name: Count("pk", filter=_in_progress(value, now))
        for name, value in (
            ("done_in_time", DONE_IN_TIME),
            ("done_late", DONE_LATE),
            ("open_in_time", OPEN_IN_TIME),
            ("open_late", OPEN_LATE),
        )
    }
    registered: Any = _registered(appointment, wanted)
    rows = registered.order_by().values("leader")
    return list(rows.annotate(total=Count("pk"), **amounts).order_by("leader"))


def outgoing_settlement(appointment: Appointment, wanted: Period) -> "list[dict[str, object]]":
    """
    For each drafting division: letters issued in the period and still under way, and their recipients by state.

    What is under way is counted as it stands now, whatever the period.
    """
    issued = Q(issued_at__isnull=False) & _within("issued_at", wanted)
    arrivals = "dispatches__arrivals"

    def amount_in(*states: str) -> Count:
        return Count(arrivals, filter=Q(**{f"{arrivals}__state__in": states}))

    own = outgoing_visible_to(appointment).filter(imported=None)
    under_way = own.exclude(state__in=_ENDED).order_by().values("division__name")
    waiting = {row["division__name"]: row["amount"] for row in under_way.annotate(amount=Count("pk"))}
    rows = own.filter(issued).order_by().values("division__name")
    counted = rows.annotate(
        issued=Count("pk", distinct=True),
        sendings=Count(arrivals),
        unreceived=amount_in(IncomingState.ARRIVED),
        refused=amount_in(IncomingState.REFUSED),
        received=amount_in(IncomingState.RECEIVED),
        handled=amount_in(*_HANDLING),
        done=amount_in(IncomingState.DONE),
        recalled=amount_in(IncomingState.RECALLED),
    )
    found: dict[str | None, dict[str, object]] = {row["division__name"]: dict(row) for row in counted}
    for name, amount in waiting.items():
        found.setdefault(name, {"division__name": name})["under_way"] = amount
    return sorted(found.values(), key=lambda row: str(row["division__name"] or ""))


def _registered(appointment: Appointment, wanted: Period) -> "QuerySet[Incoming]":
    """`leader`: the division that leads, or that of the person who leads, or that person."""
    rows = incoming_visible_to(appointment).filter(number__isnull=False, imported=None)
    lead = FilteredRelation(
        "assignments", condition=Q(assignments__role=AssignmentRole.LEAD, assignments__withdrawn_at=None)
    )
    leader = Coalesce(
        F("lead__division__name"),
        F("lead__appointment__division__name"),
        F("lead__appointment__person__full_name"),
    )
    return (
        rows.exclude(state=IncomingState.RECALLED)
        .filter(_within("registered_at", wanted))
        .annotate(lead=lead)
        .annotate(leader=leader, leader_name=F("lead__appointment__person__search_name"))
    )


def _within(field: str, wanted: Period) -> Q:
    begin, end = day_begins(wanted.since), day_begins(wanted.until, days=1)
    within = Q(**{f"{field}__gte": begin}) if begin else Q()
    return within & Q(**{f"{field}__lt": end}) if end else within


def _in_progress(progress: str, now: datetime) -> Q:
    is_done = Q(state=IncomingState.DONE)
    was_late, is_late = Q(due_at__lt=F("done_at")), Q(due_at__lt=now)
    return {
        DONE_LATE: is_done & was_late,
        DONE_IN_TIME: is_done & (Q(due_at=None) | Q(done_at=None) | Q(done_at__lte=F("due_at"))),
        OPEN_LATE: ~is_done & is_late,
        OPEN_IN_TIME: ~is_done & (Q(due_at=None) | Q(due_at__gte=now)),
    }.get(progress, Q())
