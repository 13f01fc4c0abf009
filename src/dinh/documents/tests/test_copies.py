"""Copies of what arrived and of what was issued, with real keys."""

import shutil
import subprocess
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.docx import extract_text
from dinh.documents.enums import Channel, CopyKind, IncomingState, OutgoingState, Secrecy
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.operations.copies import NotCopyable, WantedCopy, copy_form, make_copy, page_numbers
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.operations.intake import prepare_intake
from dinh.documents.operations.issuing import issue_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.operations.signing import sign_step
from dinh.documents.queries.search import search_documents
from dinh.documents.tests.test_intake import letter as paper_letter
from dinh.documents.tests.test_intake import picture, printed, scanned, taken
from dinh.documents.tests.test_outgoing_signing import letter as submitted_letter
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.pki.api import Integrity, LaterChanges
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
letter = submitted_letter


@pytest.fixture
def office(settings, tmp_path):
    """Clerk and head of a unit that has a seal."""
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    head = AppointmentFactory(roles=[Role.UNIT_HEAD])
    clerk = AppointmentFactory(unit=head.unit, roles=[Role.CLERK])
    AccountFactory(current_appointment=clerk)
    AccountFactory(current_appointment=head)
    issue_demo_certificates()
    return clerk, head


def sign_in(client, appointment) -> None:
    account = Account.objects.filter(current_appointment=appointment).first()
    client.force_login(account or AccountFactory(current_appointment=appointment))


def copied(office, source, key="k", **fields) -> Outgoing:
    clerk, head = office
    wanted = WantedCopy(**{"kind": CopyKind.SAO_Y, "decided_by": head} | fields)
    made = make_copy(clerk=clerk, source=source, wanted=wanted, request_key=key, at=timezone.now())
    made.refresh_from_db()
    return made


def on_paper(clerk, data=None, **fields) -> Incoming:
    return taken(clerk, paper_letter(**fields), scan=scanned(data or printed()))


def test_a_copy_of_a_scan_is_sealed_numbered_and_registered(office):
    clerk, head = office
    source = on_paper(clerk)

    copy = copied(office, source)

    document = copy.document
    pdf = read_blob(document.content_id)
    report = verification_of(pdf=pdf, offline=True).signatures
    assert [(each.field, each.integrity) for each in report] == [("Signature.copy.1", Integrity.INTACT)]
    assert pdf.startswith(read_blob(source.document.content_id))
    assert (copy.state, document.code, document.copy_kind) == (OutgoingState.ISSUED, "01/SY-UBND", "SY")
    assert document.copied_from == source.document
    assert document.signer_name == head.person.full_name
    assert document.subject == "Sao y Công văn số 15/BNV-VP ngày 02/03/2026 của Bộ Nội vụ: Về việc báo cáo"
    assert copy.book.type_codes == ["SY", "TrS", "SL"]
    assert [entry.action for entry in trace_of(copy)] == ["documents.document.copy_made"]
    assert [entry.action for entry in trace_of(source)][-1] == "documents.incoming.copied"


def test_the_mark_stands_in_the_upper_right_corner(office):
    clerk, _head = office

    copy = copied(office, on_paper(clerk))

    text = extract_text(read_blob(copy.document.content_id), ocr=False).text
    assert "SAO Y" in text
    assert clerk.unit.name in text.replace("\r\n", " ").replace("\n", " ")
    assert "+07:00" in text


def test_copies_of_all_forms_share_one_series(office):
    clerk, _head = office
    source = on_paper(clerk)

    made = [
        copied(office, source, key="1"),
        copied(office, source, key="2", kind=CopyKind.EXTRACT, pages="1"),
        copied(office, source, key="3", kind=CopyKind.SAO_LUC),
    ]

    assert [each.document.code for each in made] == ["01/SY-UBND", "02/TrS-UBND", "03/SL-UBND"]
    assert len({each.book_id for each in made}) == 1


def test_an_extract_has_the_named_pages_alone(office):
    clerk, _head = office
    pages = picture("TIFF", save_all=True, append_images=_blank(3))
    source = on_paper(clerk, pages)

    copy = copied(office, source, kind=CopyKind.EXTRACT, pages="1, 3-4")

    assert copy.document.page_count == 3
    with pytest.raises(InvalidInput):
        copied(office, source, key="further", kind=CopyKind.EXTRACT, pages="9")


def _blank(amount: int) -> list[Image.Image]:
    return [Image.new("RGB", (827, 1169), "white") for _ in range(amount)]


@pytest.mark.parametrize(("pages", "numbers"), [("3", (3,)), ("1-3,2", (1, 2, 3)), (" 5, 1-2", (1, 2, 5))])
def test_pages_are_read_as_written(pages, numbers):
    assert page_numbers(pages) == numbers


def test_a_copy_is_sent_on_and_arrives(office):
    clerk, _head = office
    receivers = [UnitFactory(), UnitFactory()]
    to = [WantedRecipient(unit_id=unit.pk, purpose="inform") for unit in receivers]

    copy = copied(office, on_paper(clerk), recipients=to)

    arrivals = Incoming.objects.filter(document=copy.document)
    assert copy.state == OutgoingState.ISSUED
    assert set(arrivals.values_list("unit", "state")) == {
        (each.pk, IncomingState.ARRIVED) for each in receivers
    }


def test_a_signed_letter_is_copied_and_all_its_signatures_hold(letter, tmp_path):
    outgoing, _drafter, reviewer, leader, clerk = letter
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    sign_step(outgoing_id=outgoing.pk, actor=leader)
    today = timezone.localdate()
    issue_document(clerk=clerk, outgoing_id=outgoing.pk, dated=today, at=timezone.now())
    outgoing.refresh_from_db()
    before = read_blob(outgoing.document.content_id)

    copy = copied((clerk, leader), outgoing)

    pdf = read_blob(copy.document.content_id)
    report = verification_of(pdf=pdf, offline=True).signatures
    fields = ["Signature.initials.1", "Signature.leader", "Signature.seal", "Signature.copy.1"]
    allowed = {LaterChanges.NONE, LaterChanges.PERMITTED}
    assert [each.field for each in report] == fields
    assert {each.integrity for each in report} == {Integrity.INTACT}
    assert {each.later_changes for each in report} <= allowed
    assert pdf.startswith(before)
    outgoing.document.refresh_from_db()
    assert read_blob(outgoing.document.content_id) == before
    if shutil.which("pdfsig"):
        path = tmp_path / "copy.pdf"
        path.write_bytes(pdf)
        shown = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
        assert shown.stdout.count("Signature is Valid") == len(fields)


def test_what_arrived_as_a_copy_is_copied_again_as_sao_luc_only(office):
    clerk, _head = office
    other = UnitFactory()
    copied(office, on_paper(clerk), recipients=[WantedRecipient(unit_id=other.pk)])
    clerk_there = AppointmentFactory(unit=other, roles=[Role.CLERK])
    head_there = AppointmentFactory(unit=other, roles=[Role.UNIT_HEAD])
    AccountFactory(current_appointment=head_there)
    issue_demo_certificates()
    arrived = Incoming.objects.get(unit=other)
    register_incoming(incoming_id=arrived.pk, actor=clerk_there, at=timezone.now())
    arrived.refresh_from_db()

    with pytest.raises(InvalidInput) as refusal:
        copied((clerk_there, head_there), arrived)
    again = copied((clerk_there, head_there), arrived, kind=CopyKind.SAO_LUC)

    report = verification_of(pdf=read_blob(again.document.content_id), offline=True).signatures
    assert refusal.value.faults[0].field == "kind"
    assert [each.field for each in report] == ["Signature.copy.1", "Signature.copy.2"]
    assert {each.integrity for each in report} == {Integrity.INTACT}


def test_a_signed_file_by_e_mail_is_judged_and_never_stamped(office):
    clerk, _head = office
    signed = read_blob(copied(office, on_paper(clerk)).document.content_id)
    receiver = AppointmentFactory(roles=[Role.CLERK])
    incoming = taken(receiver, paper_letter(channel=Channel.EMAIL), scan=scanned(signed))

    prepare_intake(intake_id=incoming.intake.pk, at=timezone.now())

    incoming.refresh_from_db()
    incoming.intake.refresh_from_db()
    assert incoming.intake.stamped is None
    assert incoming.intake.prepared_at is not None
    assert [each["field"] for each in incoming.verdict_details["signatures"]] == ["Signature.copy.1"]
    assert read_blob(incoming.document.content_id) == signed


def test_a_repeated_request_copies_once(office):
    clerk, _head = office
    source = on_paper(clerk)

    assert copied(office, source) == copied(office, source)
    assert Document.objects.filter(copied_from=source.document).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_copies_once(office):
    clerk, _head = office
    source = on_paper(clerk)
    found = []

    def click():
        try:
            found.append(copied(office, source, key="double").document.code)
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["01/SY-UBND"] * 2
    assert Document.objects.filter(copied_from=source.document).count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": CopyKind.EXTRACT}, "pages"),
        ({"kind": CopyKind.EXTRACT, "pages": "0"}, "pages"),
        ({"kind": CopyKind.EXTRACT, "pages": "1;2"}, "pages"),
        ({"pages": "1"}, "pages"),
        ({"recipients": [WantedRecipient(unit_id=0)]}, "recipients"),
    ],
)
def test_what_cannot_be_is_named(office, fields, field):
    clerk, _head = office

    with pytest.raises(InvalidInput) as refusal:
        copied(office, on_paper(clerk), **fields)

    assert refusal.value.faults[0].field == field
    assert not Outgoing.objects.exists()


def test_a_leader_of_another_unit_cannot_decide(office):
    clerk, _head = office

    with pytest.raises(InvalidInput) as refusal:
        copied(office, on_paper(clerk), decided_by=AppointmentFactory(roles=[Role.UNIT_HEAD]))

    assert refusal.value.faults[0].field == "decided_by"


def test_secret_letters_and_letters_without_a_file_are_not_copied(office):
    clerk, _head = office

    for fields in ({}, {"secrecy": Secrecy.SECRET, "code": "2/M"}):
        with pytest.raises(NotCopyable):
            copied(office, taken(clerk, paper_letter(**fields)))


def test_only_clerks_copy_and_only_with_a_seal(office):
    clerk, head = office
    source = on_paper(clerk)
    unsealed = AppointmentFactory(roles=[Role.CLERK])
    leader = AppointmentFactory(unit=unsealed.unit, roles=[Role.UNIT_HEAD])

    with pytest.raises(NotPermitted):
        copied((head, head), source)
    with pytest.raises(NotPermitted):
        copied((unsealed, leader), on_paper(unsealed))

    assert not Outgoing.objects.exists()


def test_the_words_of_the_original_find_the_copy(office):
    clerk, _head = office

    copy = copied(office, on_paper(clerk))

    assert copy.document in search_documents("bao cao", clerk)


def test_the_foot_for_paper_bears_number_and_signer(office):
    clerk, head = office

    text = extract_text(copy_form(copied(office, on_paper(clerk))), ocr=False).text

    assert "SAO Y" in text
    assert "01/SY-UBND" in text
    assert head.person.full_name in text


def test_the_clerk_copies_in_the_pages(client, office):
    clerk, head = office
    receiver, source = UnitFactory(), on_paper(clerk)
    sign_in(client, clerk)
    url = reverse("documents:copy_incoming", args=[source.pk])
    row = {"to": f"unit:{receiver.pk}", "purpose": "inform", "to_name": "", "to_address": ""}
    given = {"kind": "SY", "pages": "", "decided_by": head.pk, "request_key": "k"} | row

    picked = client.post(url, given | {"find": "1", "words": "xa"})
    wrong = client.post(url, given | {"pages": "1"})
    done = client.post(url, given)

    copy = Outgoing.objects.get()
    assert (picked.status_code, wrong.status_code) == (200, 422)
    assert wrong.context["form"].errors["pages"]
    assert done.url == reverse("documents:outgoing", args=[copy.pk])
    assert client.get(done.url).status_code == 200
    assert Incoming.objects.get(document=copy.document).purpose == "inform"


def test_recipients_that_cannot_be_read_copy_nothing(client, office):
    clerk, head = office
    source = on_paper(clerk)
    sign_in(client, clerk)
    url = reverse("documents:copy_incoming", args=[source.pk])
    given = {"kind": "SY", "decided_by": head.pk, "request_key": "k", "to": "unit:0", "purpose": "act"}

    assert client.post(url, given | {"to_name": "", "to_address": ""}).status_code == 422
    assert client.post(url, given).status_code == 422
    assert not Outgoing.objects.exists()


def test_others_find_nothing_to_copy(client, office):
    clerk, head = office
    source = on_paper(clerk)
    copy = copied(office, source)
    urls = [
        reverse("documents:copy_incoming", args=[source.pk]),
        reverse("documents:copies_of_incoming", args=[source.pk]),
        reverse("documents:copy_outgoing", args=[copy.pk]),
        reverse("documents:copies_of_outgoing", args=[copy.pk]),
        reverse("documents:copy_foot", args=[copy.pk]),
        f"/api/v1/incoming/{source.pk}/copies",
        f"/api/v1/outgoing/{copy.pk}/copies",
    ]
    sign_in(client, clerk)
    own = [client.get(url).status_code for url in urls]
    sign_in(client, AppointmentFactory(roles=[Role.CLERK]))
    others = [client.get(url).status_code for url in urls]

    assert own == [200] * 7
    assert others == [404] * 7
    sign_in(client, head)
    assert client.get(urls[0]).status_code == 404


def test_the_list_of_copies_costs_the_same_for_one_and_three(client, office):
    clerk, _head = office
    source = on_paper(clerk)
    sign_in(client, clerk)
    counts = []
    for keys in (["1"], ["2", "3"]):
        for key in keys:
            copied(office, source, key=key)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("documents:copies_of_incoming", args=[source.pk]))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_programs_copy_once_and_send(client, office):
    clerk, head = office
    receiver, source = UnitFactory(), on_paper(clerk)
    sign_in(client, clerk)
    url = f"/api/v1/incoming/{source.pk}/copies"
    body = {"kind": "SY", "decided_by": head.pk, "request_key": "k", "recipients": [{"unit_id": receiver.pk}]}

    first = client.post(url, body, content_type="application/json")
    again = client.post(url, body, content_type="application/json")
    wrong = client.post(url, body | {"request_key": "w", "pages": "2"}, content_type="application/json")

    told = first.json()
    assert (first.status_code, told["code"], told["state"]) == (201, "01/SY-UBND", "issued")
    assert again.json() == told
    assert client.get(url).json() == [told]
    assert [each["field"] for each in wrong.json()["errors"]] == ["pages"]
    assert Incoming.objects.filter(unit=receiver).count() == 1
