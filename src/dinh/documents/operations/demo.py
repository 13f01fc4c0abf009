"""The letters that the demo begins with, made as its people would make them, so that no page is empty at first."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from dinh.directory.models import Account, Appointment
from dinh.documents.enums import IncomingState, OutgoingState, StepState
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.approval import submit_draft
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.operations.handling import complete_incoming, start_handling
from dinh.documents.operations.issuing import issue_document
from dinh.documents.operations.receiving import refuse_incoming, register_incoming
from dinh.documents.operations.signing import sign_step
from dinh.documents.queries.drafting import groups_for
from dinh.kernel.errors import DomainError

log = structlog.stdlib.get_logger(__name__)
_FILE: Final = Path(__file__).parents[1] / "data" / "demo_letters.toml"
_COMMUNES: Final = "Ủy ban nhân dân các xã, phường, thị trấn"
_USERNAMES: Final = ("chuyenvien", "truongphong", "giamdoc", "chutich", "vanthu")
_REACHED: Final = ("drafting", "initials", "leader", "signed", "issued")
_HANDLED: Final = ("01", "03", "04", "05", "06")


@dataclass(frozen=True, slots=True)
class _Office:
    """The demo's people of one unit, by what they do; a commune's chairman signs without initials of another."""

    specialist: Appointment
    head: Appointment
    clerk: Appointment
    division_head: Appointment | None = None


def wish_demo_letters() -> None:
    """Let the worker make the letters, unless somebody has written one. Safe to repeat."""
    from dinh.documents.tasks import make_letters_of_demo

    if not settings.DEMO_LETTERS or Outgoing.objects.exists():
        return
    try:
        with transaction.atomic():
            make_letters_of_demo.configure(queueing_lock="documents.demo").defer()
    except AlreadyEnqueued:
        log.info("letters of the demo are on their way")


def make_demo_letters() -> None:
    """Draft, sign, send and handle; goes on where it was interrupted, and leaves alone what somebody else acts on."""
    offices = {"stttt": _office("stttt"), "quangkhe": _office("quangkhe")}
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for letter in told["letter"]:
        try:
            _make(letter, offices, told["words"])
        except DomainError as refusal:
            log.info("letter of the demo left as it is", subject=letter["subject"], reason=str(refusal))


def _make(letter: dict[str, Any], offices: dict[str, _Office], words: dict[str, str]) -> None:
    office, to = offices[letter["from"]], letter["to"]
    outgoing = _drafted(letter, office, _recipients(to, offices))
    _send(outgoing, office, letter["reach"])
    if "arrival" in letter:
        receiver = offices.get(to, offices["quangkhe"])
        arrived = Incoming.objects.get(document=outgoing.document_id, unit=receiver.clerk.unit_id)
        _handle(arrived, receiver, letter["arrival"], words)


def _office(name: str) -> _Office:
    accounts = Account.objects.filter(username__in=[f"{each}.{name}" for each in _USERNAMES])
    people = {
        each.username.removesuffix(f".{name}"): each.current_appointment
        for each in accounts
        if each.current_appointment is not None
    }
    head = people.get("giamdoc") or people["chutich"]
    return _Office(people["chuyenvien"], head, people["vanthu"], people.get("truongphong"))


def _recipients(to: str, offices: dict[str, _Office]) -> list[WantedRecipient]:
    if to in offices:
        return [WantedRecipient(unit_id=offices[to].clerk.unit_id)]
    groups = {each.name: each.unit_ids for each in groups_for(offices["stttt"].clerk.unit)}
    return [WantedRecipient(unit_id=pk) for pk in groups[_COMMUNES]]


def _drafted(letter: dict[str, Any], office: _Office, recipients: list[WantedRecipient]) -> Outgoing:
    now = timezone.now()
    year, days = timezone.localdate(now).year, letter.get("reply_days")
    plan = DraftPlan(
        type_code=letter["type"],
        subject=letter["subject"].format(year=year),
        paragraphs=[each.format(year=year) for each in letter["text"]],
        leader=office.head,
        initials=[office.division_head] if office.division_head else [],
        recipients=recipients,
        urgency=letter.get("urgency", 0),
        reply_due_date=timezone.localdate(now) + timedelta(days=days) if days else None,
    )
    key = uuid5(NAMESPACE_URL, f"dinh:demo:{letter['subject']}")
    outgoing = create_draft(drafter=office.specialist, plan=plan, at=now, request_key=key)
    if (laid_out := outgoing.versions.last()) is not None:
        render_version(laid_out)
    return outgoing


def _send(outgoing: Outgoing, office: _Office, until: str) -> None:
    pk, today = outgoing.pk, timezone.localdate()
    acts = (
        partial(submit_draft, drafter=office.specialist, at=timezone.now()),
        partial(sign_step, actor=office.division_head) if office.division_head else None,
        partial(sign_step, actor=office.head),
        partial(issue_document, clerk=office.clerk, dated=today, at=timezone.now()),
    )
    for act in acts[_stands(outgoing, office) : _REACHED.index(until)]:
        if act is not None:
            act(outgoing_id=pk)


def _stands(outgoing: Outgoing, office: _Office) -> int:
    """How many of the acts are done; all, where somebody took the letter elsewhere."""
    outgoing.refresh_from_db(fields=["state"])
    if outgoing.state == OutgoingState.REVIEWING:
        signed = outgoing.steps.filter(state=StepState.DONE).count()
        return 1 + signed + (office.division_head is None)
    return {OutgoingState.DRAFTING: 0, OutgoingState.SIGNED: 3}.get(OutgoingState(outgoing.state), 4)


def _handle(incoming: Incoming, office: _Office, until: str, words: dict[str, str]) -> None:
    pk, now = incoming.pk, timezone.now()
    if until == IncomingState.REFUSED and incoming.state == IncomingState.ARRIVED:
        refuse_incoming(incoming_id=pk, actor=office.clerk, reason=words["refusal"], at=now)
    if until not in _HANDLED or incoming.state not in _HANDLED:
        return
    due_at = now + timedelta(days=5)
    directions = Directions(lead=office.specialist, instruction=words["instruction"], due_at=due_at)
    acts = (
        partial(register_incoming, actor=office.clerk, at=now),
        partial(assign_incoming, actor=office.head, directions=directions, at=now),
        partial(start_handling, actor=office.specialist, at=now),
        partial(complete_incoming, actor=office.specialist, result=words["result"], at=now),
    )
    for act in acts[_HANDLED.index(incoming.state) : _HANDLED.index(until)]:
        act(incoming_id=pk)
