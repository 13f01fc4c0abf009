"""A unit with somebody in each role, another unit with the same, and one object of each kind of the first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import factory
from django.utils import timezone

from dinh.directory.enums import Bloc, IdentifierForm, Level, Role
from dinh.directory.models import Account, Appointment, SignedInSession, Unit, UnitIdentifier
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    PositionFactory,
    UnitFactory,
)
from dinh.documents.enums import (
    AssignmentRole,
    Direction,
    IncomingState,
    OutgoingState,
    Source,
    StepKind,
    StepState,
)
from dinh.documents.models import (
    Assignment,
    Attachment,
    Book,
    Dispatch,
    Document,
    Incoming,
    Outgoing,
    RegisterImport,
    Step,
    Version,
)
from dinh.exchange.models import (
    AccessGrant,
    ClientSecret,
    Exchange,
    Member,
    Service,
    ServiceVersion,
    System,
    SystemCertificate,
)
from dinh.notify.models import Notification
from dinh.records.models import CaseFile, Filing
from dinh.signing.models import Credential
from dinh.storage.api import store_bytes
from dinh.worklist.models import Absence

SECRET = "Bí mật của riêng đơn vị này"
"""Stands in every text of the first unit's objects; nobody else's answer may have it."""

UNIT_ROLES = ("clerk", "specialist", "division_head", "unit_head", "unit_deputy", "administrator")
ROLES = ("stranger", *UNIT_ROLES, *(f"other_{role}" for role in UNIT_ROLES), "keeper")


ACTS = {
    "documents/incoming/<int:incoming_id>/<slug:act>/": (
        "register", "refuse", "assign", "change", "withdraw", "pass", "extend", "start", "note", "finish",
        "complete", "reopen", "resume", "verify",
    ),
    "documents/outgoing/<int:outgoing_id>/<slug:act>/": (
        "submit", "return", "pass", "sign", "number", "seal", "send", "issue", "void", "render",
    ),
    "documents/outgoing/<int:outgoing_id>/draft/<slug:act>/": (
        "comment", "delete", "upload", "attach", "detach", "place",
    ),
    "signing/credentials/<int:credential_id>/<slug:act>/": ("suspend", "resume", "revoke"),
    "exchange/systems/<int:system_id>/act/<slug:act>/": ("suspend", "resume", "revoke-tokens"),
    "exchange/members/<int:member_id>/act/<slug:act>/": ("rename", "end", "suspend", "resume"),
    "exchange/versions/<int:version_id>/end/<slug:act>/": ("deprecate", "retire"),
    "exchange/grants/<int:grant_id>/<slug:act>/": ("approve", "refuse", "revoke"),
}  # fmt: skip
"""Acts of the routes that have one in their address."""


@dataclass(frozen=True)
class World:
    """
    The unit, the other one, and the keeper of the whole directory.

    :param accounts: by role; `other_...` those of the other unit
    :param ids: the unit's objects, by the name that addresses give them
    """

    accounts: Mapping[str, Account]
    ids: Mapping[str, int]


def build_world() -> World:
    """Nothing here is signed or sent by the operations themselves: rows as those leave them."""
    unit, other, keeping = UnitFactory(), UnitFactory(), UnitFactory(keeps_directory=True)
    division, others = DivisionFactory(unit=unit), DivisionFactory(unit=other)
    accounts = {role: _account(unit, role, division) for role in UNIT_ROLES}
    accounts |= {f"other_{role}": _account(other, role, others) for role in UNIT_ROLES}
    accounts["keeper"] = _account(keeping, "administrator", None)
    colleague = _account(unit, "specialist", None)
    holders = {role: _held(account) for role, account in accounts.items()}
    now = timezone.now()
    ids = {
        "unit_id": unit.pk,
        "division_id": division.pk,
        "person_id": colleague.person_id,
        "appointment_id": _held(colleague).pk,
        "position_id": PositionFactory().pk,
        "identifier_id": UnitIdentifier.objects.create(
            unit=unit, form=IdentifierForm.NEW, value="H03.12", valid_from=date(2020, 1, 1)
        ).pk,
        "session_id": SignedInSession.objects.create(
            account=colleague, session_key="k", started_at=now, last_seen_at=now
        ).pk,
        **_arrival(unit, holders),
        **_letter(unit, holders),
        **_book(unit, holders),
        **_case_file(unit, holders),
        **_exchange(unit, holders),
        "credential_id": _credential(unit).pk,
        "notification_id": _told(holders["clerk"]).pk,
        "absence_id": Absence.objects.create(
            person_id=colleague.person_id, start_date=now.date(), end_date=now.date(), recorded_at=now
        ).pk,
    }
    return World(accounts, ids)


def _exchange(unit: Unit, holders: Mapping[str, Appointment]) -> dict[str, Any]:
    """A system with a key, a service in draft, a grant and an exchange; all of it the unit's own business."""
    now = timezone.now()
    member = Member.objects.create(code="H03.77", name=SECRET, unit=unit, valid_from=now.date())
    system = System.objects.create(member=member, code="S", name=SECRET, created_at=now)
    secret = ClientSecret.objects.create(
        system=system, consumer_key="k", digest="0" * 64, label=SECRET, created_at=now, expires_at=now
    )
    certificate = SystemCertificate.objects.create(
        system=system, certificate=b"", fingerprint="0", subject_name=SECRET, valid_from=now, valid_to=now,
        created_at=now,
    )  # fmt: skip
    service = Service.objects.create(system=system, code="bi-mat", title=SECRET, created_at=now)
    version = ServiceVersion.objects.create(
        service=service, version="1", document={"info": SECRET}, sha256="", base_url="http://x.test",
        state="retired", created_at=now,
    )  # fmt: skip
    grant = AccessGrant.objects.create(
        system=system, version=version, purpose=SECRET, legal_basis="x", valid_from=now.date(),
        valid_to=now.date(), asked_at=now, asked_by=holders["unit_head"],
    )  # fmt: skip
    exchange = Exchange.objects.create(
        gateway="g", front="oauth", started_at=now, duration_us=1, upstream_us=1, client=system.identifier,
        provider=system.identifier, service="bi-mat", version="1", operation="x", method="GET", path="/",
        message_id="m", user_id=SECRET, issue="", status=200, outcome="delivered", reason="", request_bytes=0,
        response_bytes=0, request_sha256="", response_sha256="",
    )  # fmt: skip
    return {
        "member_id": member.pk, "system_id": system.pk, "secret_id": secret.pk, "certificate_id": certificate.pk,
        "service_id": service.pk, "version_id": version.pk, "grant_id": grant.pk, "exchange_id": exchange.pk,
    }  # fmt: skip


def _account(unit: Unit, role: str, division: Any) -> Account:
    placed = division if role in ("specialist", "division_head") else None
    holder = AppointmentFactory(unit=unit, division=placed, roles=[Role(role)])
    account = AccountFactory(password=factory.Transformer.Force("!"), current_appointment=holder)
    assert isinstance(account, Account)
    return account


def _held(account: Account) -> Appointment:
    assert account.current_appointment is not None
    return account.current_appointment


def _document(issuer: Unit | None, code: str) -> Document:
    return Document.objects.create(
        issuer=issuer,
        issuer_name="Sở Nội vụ",
        bloc=Bloc.GOVERNMENT,
        type_code="CV",
        code=code,
        subject=SECRET,
        search_text=SECRET,
        content_id=store_bytes(f"%PDF-1.7\n{SECRET}\n%%EOF\n".encode()).sha256,
        created_at=timezone.now(),
    )


def _attachment(document: Document) -> Attachment:
    blob = store_bytes(f"{SECRET} {document.pk}".encode()).sha256
    return Attachment.objects.create(document=document, blob_id=blob, name=f"{SECRET}.txt")


def _arrival(unit: Unit, holders: Mapping[str, Appointment]) -> dict[str, int]:
    document, now = _document(None, "12/SNV-VP"), timezone.now()
    sender = AppointmentFactory(unit=UnitFactory(level=Level.PROVINCE), roles=[Role.CLERK])
    dispatch = Dispatch.objects.create(
        document=document, sender=sender.unit, sent_by=sender, sent_at=now, request_key="k"
    )
    incoming = Incoming.objects.create(
        document=document, dispatch=dispatch, unit=unit, state=IncomingState.ASSIGNED, arrived_at=now
    )
    part = Assignment.objects.create(
        incoming=incoming,
        role=AssignmentRole.LEAD,
        appointment=holders["specialist"],
        division=holders["specialist"].division,
        assigned_by=holders["unit_head"],
        assigned_at=now,
        instruction=SECRET,
    )
    return {
        "incoming_id": incoming.pk,
        "document_id": document.pk,
        "part_id": part.pk,
        "arrived_file_id": _attachment(document).pk,
    }


def _letter(unit: Unit, holders: Mapping[str, Appointment]) -> dict[str, int]:
    document, now = _document(unit, ""), timezone.now()
    drafter = holders["specialist"]
    outgoing = Outgoing.objects.create(
        document=document,
        unit=unit,
        division=drafter.division,
        drafter=drafter,
        state=OutgoingState.DRAFTING,
        created_at=now,
        updated_at=now,
    )
    for number in (1, 2):
        Version.objects.create(
            outgoing=outgoing,
            number=number,
            source=Source.PAGE,
            body={"subject": SECRET, "paragraphs": [SECRET]},
            pdf_id=document.content_id,
            author=drafter,
            created_at=now,
        )
    path = ((StepKind.INITIAL, "division_head"), (StepKind.SIGN, "unit_head"))
    for position, (kind, role) in enumerate(path, start=1):
        Step.objects.create(
            outgoing=outgoing, position=position, kind=kind, appointment=holders[role], state=StepState.AHEAD
        )
    return {"outgoing_id": outgoing.pk, "attachment_id": (pk := _attachment(document).pk), "file_id": pk}


def _book(unit: Unit, holders: Mapping[str, Appointment]) -> dict[str, int]:
    book = Book.objects.create(
        unit=unit, direction=Direction.OUTGOING, year=timezone.localdate().year, code="chung", name=SECRET
    )
    sheet = RegisterImport.objects.create(
        book=book,
        blob_id=store_bytes(b"sheet").sha256,
        file_name=f"{SECRET}.xlsx",
        sheet_name="1",
        header_row=1,
        uploaded_by=holders["clerk"],
        uploaded_at=timezone.now(),
    )
    return {"book_id": book.pk, "import_id": sheet.pk}


def _case_file(unit: Unit, holders: Mapping[str, Appointment]) -> dict[str, int]:
    now = timezone.now()
    case_file = CaseFile.objects.create(
        unit=unit,
        year=now.year,
        code="01.VP",
        title=SECRET,
        responsible=holders["specialist"],
        opened_date=now.date(),
        created_at=now,
    )
    filing = Filing.objects.create(
        case_file=case_file,
        target_type="documents.incoming",
        target_id=1,
        ordinal=1,
        filed_by=holders["specialist"],
        filed_at=now,
    )
    return {"case_file_id": case_file.pk, "filing_id": filing.pk}


def _credential(unit: Unit) -> Credential:
    now = timezone.now()
    return Credential.objects.create(
        unit=unit,
        provider="pkcs12",
        certificate=b"",
        fingerprint="0" * 64,
        subject_name=SECRET,
        serial_number="1",
        issuer_name="CA",
        valid_from=now,
        valid_to=now.replace(year=now.year + 1),
    )


def _told(appointment: Appointment) -> Notification:
    return Notification.objects.create(
        appointment=appointment, kind="x.y", text=SECRET, url="/", created_at=timezone.now(), dedupe_key="k"
    )


def addresses(route: str, ids: Mapping[str, int]) -> list[str]:
    """A route with the ids of the world, once for each act where its address names one."""
    given = {name: str(pk) for name, pk in ids.items()} | {"ending": "pdf"}
    return [_address(route, given | {"act": act}) for act in ACTS.get(route, ("x",))]


def _address(route: str, known: Mapping[str, str]) -> str:
    def part(place: re.Match[str]) -> str:
        return str(UUID(int=1)) if place["kind"] == "uuid" else known.get(place["name"], "1")

    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", part, route)
