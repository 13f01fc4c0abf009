"""Each write by each role: who may gets an answer, who may not gets a refusal; and no write is without its line."""

import io
import json
import re
from dataclasses import dataclass
from datetime import date
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from page_pairs import ACTS
from route_matrix import CALLS, FORMS
from test_page_pairs import acting_pages, operations
from world import build_world
from write_matrix import DESCRIPTION, FILE, OF_FORMS, OPEN_TO_STRANGERS, ROLES, WRITES

from dinh.directory.enums import ChangeKind
from dinh.directory.models import StructureChange, UnitGroup
from dinh.documents.enums import IncomingState, OutgoingState, Source, StepKind, StepState
from dinh.documents.models import Book, Dispatch, Document, Incoming, Intake, Outgoing, Party, Step, Version
from dinh.exchange.models import Operation, Peer
from dinh.kernel import refusals
from dinh.kernel.errors import DomainError, NotPermitted
from dinh.records.models import FileList, ListEntry
from dinh.storage.api import store_bytes
from dinh.worklist.models import SavedFilter

pytestmark = pytest.mark.usefixtures("own_changes")
NOT_FOR_THEM = {"not-permitted", "not-your-turn"}
"""Problems that say who asks is the wrong one; any other refusal could befall whoever may."""
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Kho", "version": "2"},
    "paths": {"/nho": {"get": {"operationId": "nho", "responses": {"200": {"description": "Có"}}}}},
}


@dataclass(frozen=True)
class Place:
    """
    Where the lines are tried.

    :param cookies: by role, of somebody who has signed in
    :param ids: by role: what its addresses and bodies name; `own_leader_id` heads the role's own unit
    """

    cookies: dict[str, SimpleCookie]
    ids: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def place(module_database):
    world = build_world()
    holders = {role: account.current_appointment for role, account in world.accounts.items()}
    unit, clerk = holders["clerk"].unit, holders["clerk"]
    ids = dict(world.ids) | {
        "uuid": UUID(int=1),
        "unit_code": unit.code,
        "far_unit_id": holders["keeper"].unit_id,
        **letters(holders),
        "written_id": written_down(clerk).pk,
        "group_id": UnitGroup.objects.create(name="Các phòng", owner=unit).pk,
        "change_id": planned_change(holders["keeper"]).pk,
        "filter_id": SavedFilter.objects.create(
            appointment=clerk, path="/documents/incoming/", query="", name="Mới", created_at=timezone.now()
        ).pk,
        "entry_id": listed_file(unit).pk,
        "operation_id": Operation.objects.create(
            version_id=world.ids["version_id"], name="nho", method="GET", path="/nho"
        ).pk,
        "peer_id": Peer.objects.create(
            system_id=world.ids["system_id"], address="https://127.0.0.1:1", created_at=timezone.now()
        ).pk,
    }
    signed_in = [role for role in ROLES if role != "stranger"]
    heads = {role: "other_unit_head" if role.startswith("other_") else "unit_head" for role in ROLES}
    leaders = {role: holders["keeper" if role == "keeper" else heads[role]].pk for role in ROLES}
    return Place(
        {"stranger": SimpleCookie()} | {role: cookies_of(world.accounts[role]) for role in signed_in},
        {role: ids | {"own_leader_id": leaders[role]} for role in ROLES},
    )


def cookies_of(account):
    client = Client()
    client.force_login(account)
    return client.cookies


def letters(holders):
    """Letters of the unit: on their path, numbered, issued, uploaded; and an agreement that the other unit signed."""
    waiting = letter(holders, OutgoingState.REVIEWING)
    step(waiting, StepKind.INITIAL, holders["division_head"], StepState.WAITING)
    step(waiting, StepKind.SIGN, holders["unit_head"], StepState.AHEAD)
    agreement = letter(holders, OutgoingState.REVIEWING)
    step(agreement, StepKind.PARTY, holders["other_unit_head"], StepState.DONE)
    Party.objects.create(
        outgoing=agreement, unit=holders["other_unit_head"].unit, name="Bên B", signed_at=timezone.now()
    )
    issued = letter(holders, OutgoingState.ISSUED)
    sent = Dispatch.objects.create(
        document=issued.document, outgoing=issued, sender=issued.unit, sent_by=holders["clerk"],
        sent_at=timezone.now(), request_key="k",
    )  # fmt: skip
    Incoming.objects.create(
        document=issued.document, dispatch=sent, unit=holders["other_clerk"].unit, arrived_at=timezone.now()
    )
    uploaded = letter(holders, OutgoingState.DRAFTING)
    Version.objects.create(
        outgoing=uploaded, number=1, source=Source.UPLOAD, body={"file_name": "a.pdf"}, created_at=timezone.now(),
        pdf_id=store_bytes(a_page()).sha256, author=holders["specialist"],
    )  # fmt: skip
    return {
        "waiting_id": waiting.pk, "agreement_id": agreement.pk, "issued_id": issued.pk, "uploaded_id": uploaded.pk,
        "numbered_id": numbered(holders).pk,
    }  # fmt: skip


def step(outgoing, kind, appointment, state):
    return Step.objects.create(
        outgoing=outgoing, position=outgoing.steps.count() + 1, kind=kind, appointment=appointment, state=state,
        field_name=f"Signature.{kind}",
    )  # fmt: skip


def numbered(holders):
    made = letter(holders, OutgoingState.NUMBERED)
    made.book = Book.objects.create(
        unit=made.unit, direction="outgoing", year=timezone.localdate().year, code="so", name="Sổ công văn"
    )
    made.number, made.numbered_at = 1, timezone.now()
    made.save()
    Document.objects.filter(pk=made.document_id).update(number=1)
    return made


def letter(holders, state):
    drafter = holders["specialist"]
    document = Document.objects.create(
        issuer=drafter.unit, issuer_name="Sở Nội vụ", bloc="government", type_code="CV", subject="Trực Tết",
        content_id=None if state == OutgoingState.DRAFTING else store_bytes(a_page()).sha256,
        created_at=timezone.now(),
    )  # fmt: skip
    return Outgoing.objects.create(
        document=document, unit=drafter.unit, division=drafter.division, drafter=drafter, state=state,
        created_at=timezone.now(), updated_at=timezone.now(),
    )  # fmt: skip


def written_down(clerk):
    """What the unit's clerk wrote down from paper, without its scan."""
    document = Document.objects.create(
        issuer_name="Sở Y tế", bloc="government", type_code="CV", subject="Tiêm chủng", transcribed_by=clerk.unit,
        created_at=timezone.now(),
    )  # fmt: skip
    arrival = Incoming.objects.create(
        document=document, unit=clerk.unit, channel="paper", state=IncomingState.RECEIVED,
        arrived_at=timezone.now(),
    )  # fmt: skip
    Intake.objects.create(incoming=arrival, unit=clerk.unit, request_key="k")
    return arrival


def planned_change(keeper):
    nothing = {"units": [], "made": {}, "changed": {}}
    return StructureChange.objects.create(
        kind=ChangeKind.CHANGED, title="Đổi tên", effective_date=date(2050, 1, 1), journal=nothing,
        entered_by=keeper, entered_at=timezone.now(),
    )  # fmt: skip


def listed_file(unit):
    files = FileList.objects.create(unit=unit, year=2026)
    return ListEntry.objects.create(file_list=files, code="01", title="Hồ sơ trực")


def a_page():
    with pypdfium2.PdfDocument.new() as document:
        document.new_page(595, 842)
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def filled(value, ids):
    """What a line sends, with the ids of the place and fresh files in place of their names."""
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    if value is FILE:
        return SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF\n")
    if value is DESCRIPTION:
        return SimpleUploadedFile("kho.json", json.dumps(OPENAPI).encode())
    return value.format(**ids) if isinstance(value, str) else value


def has_file(value):
    return value is FILE or value is DESCRIPTION


@pytest.fixture
def refused(monkeypatch):
    """What pages told of acts: they show themselves again with 422, whatever refused."""
    told: list[DomainError] = []
    leave = refusals._Refusals.__exit__

    def noted(kept, kind, error, trace):
        if isinstance(error, DomainError):
            told.append(error)
        return leave(kept, kind, error, trace)

    monkeypatch.setattr(refusals._Refusals, "__exit__", noted)
    return told


def is_let_in(response, refused):
    """An answer, or a refusal for a reason other than who asks (409, 422)."""
    if response.status_code in (401, 403, 404) or "/sign-in/" in response.get("Location", ""):
        return False
    assert response.status_code < 400 or response.status_code in (409, 415, 422), response.status_code
    codes = {each.code for each in refused if isinstance(each, NotPermitted) or each.code in NOT_FOR_THEM}
    if response.get("Content-Type") == "application/problem+json":
        codes |= NOT_FOR_THEM & {response.json()["type"].rpartition(":")[2]}
    return not codes


def let_in(client, place, line, body, refused):
    return {role for role in ROLES if is_let_in(sent(client, place, role, line, body, refused), refused)}


def sent(client, place, role, line, body, refused):
    """The answer to a line; what it changes is taken back."""
    refused.clear()
    method, path = line.split()
    client.cookies = place.cookies[role].copy()
    ids = place.ids[role]
    is_json = path.startswith("api/") and not any(map(has_file, body.values())) and path not in OF_FORMS
    kind = {"content_type": "application/json"} if is_json else {}
    block = transaction.atomic()
    block._from_testcase = True  # so that durable transactions work within
    with block:
        response = getattr(client, method.lower())("/" + path.format(**ids), filled(body, ids), **kind)
        transaction.set_rollback(True)
    return response


@pytest.fixture(scope="module")
def client():
    """One for all: each new one would set up all middleware anew."""
    return Client()


@pytest.mark.parametrize("line", WRITES)
def test_write_is_taken_from_exactly_those_who_may(client, place, refused, line):
    allowed, body = WRITES[line]

    assert let_in(client, place, line, body, refused) == allowed


def test_every_write_has_a_line():
    of_routes = {routed(line) for line in [*CALLS, *(f"POST {path}" for path in FORMS)]}
    of_writes = {routed(line) for line in WRITES}

    assert sorted(pages_and_acts() - of_routes - of_writes) == []
    assert sorted(calls() - of_routes - of_writes) == []
    assert sorted(of_routes & of_writes) == []


def pages_and_acts():
    """Each page that takes a POST but for those of signing in; of routes with many acts each act."""
    plain = {f"POST {route}" for route in acting_pages() if route not in ACTS}
    acts = {f"POST {route} {act}" for route, each in ACTS.items() for act in each}
    return {line for line in plain | acts if not line.startswith(OPEN_TO_STRANGERS)}


def calls():
    named = {line.replace(" ", " api/v1/", 1) for line in operations() if not line.startswith("GET ")}
    return {re.sub(r"{\w+}", "<>", line) for line in named}


def routed(line):
    """Method and route as the resolver knows it, or as the API's document does; and the act in its address."""
    method, path = line.split()
    known = dict.fromkeys(re.findall(r"{(\w+)}", path), 1) | {"uuid": UUID(int=1), "exchange_id": UUID(int=1)}
    found = resolve("/" + path.format(**known).partition("?")[0])
    if found.route.startswith("api/"):
        return f"{method} {re.sub(r'<[^>]+>', '<>', found.route)}"
    act = found.kwargs.get("act")
    return f"{method} {found.route} {act}" if found.route in ACTS else f"{method} {found.route}"
