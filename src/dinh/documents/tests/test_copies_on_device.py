"""Copies whose seal is in the clerk's own token."""

import base64
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.enums import CopyKind, IncomingState, OutgoingState
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.copies import NotCopyable, WantedCopy, make_copy
from dinh.documents.operations.copies_on_device import begin_copy, finish_copy
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.tests.test_copies import office, on_paper, sign_in  # noqa: F401 a fixture
from dinh.documents.tests.test_devices import token
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.pki.api import Integrity, WrongSignature
from dinh.signing.api import SignOnDevice, finish_signing
from dinh.signing.models import Credential
from dinh.signing.operations.errands import send_errand
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(office):  # noqa: F811
    """The clerk, whose unit's seal is in a token now, the head, and a registered letter on paper."""
    clerk, head = office
    source = on_paper(clerk)
    Credential.objects.update(provider="plugin")
    return clerk, head, source


def begun(clerk, head, source, key="k", **fields):
    wanted = WantedCopy(**{"kind": CopyKind.SAO_Y, "decided_by": head} | fields)
    return begin_copy(clerk=clerk, source=source, wanted=wanted, request_key=key)[1]


def test_the_token_seals_and_the_copy_is_numbered_and_sent(desk):
    clerk, head, source = desk
    receiver = UnitFactory()
    session = begun(clerk, head, source, recipients=[WantedRecipient(unit_id=receiver.pk)])
    assert not Outgoing.objects.exists()

    copy = finish_copy(session_id=session.id, clerk=clerk, signature=token(session.challenge))

    copy.refresh_from_db()
    report = verification_of(pdf=read_blob(copy.document.content_id), offline=True).signatures
    assert [(each.field, each.integrity) for each in report] == [("Signature.copy.1", Integrity.INTACT)]
    assert (copy.state, copy.document.code) == (OutgoingState.ISSUED, "01/SY-UBND")
    assert Incoming.objects.filter(unit=receiver, document=copy.document).count() == 1
    assert next(entry.action for entry in trace_of(copy)) == "documents.document.copy_made"


def test_an_extract_is_sealed_by_the_token(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source, kind=CopyKind.EXTRACT, pages="1")

    copy = finish_copy(session_id=session.id, clerk=clerk, signature=token(session.challenge))

    assert (copy.document.code, copy.document.page_count) == ("01/TrS-UBND", 1)


def test_the_same_answer_again_gives_the_same_copy(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)
    answer = token(session.challenge)

    first = finish_copy(session_id=session.id, clerk=clerk, signature=answer)
    again = finish_copy(session_id=session.id, clerk=clerk, signature=answer)

    assert first == again
    assert Outgoing.objects.count() == 1


def test_one_request_begun_twice_makes_one_copy(desk):
    clerk, head, source = desk
    sessions = [begun(clerk, head, source), begun(clerk, head, source)]

    made = [finish_copy(session_id=s.id, clerk=clerk, signature=token(s.challenge)) for s in sessions]

    assert made[0] == made[1]
    assert Outgoing.objects.count() == 1


def test_a_copy_interrupted_after_its_seal_is_finished_without_the_token(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)
    sha256 = source.document.content_id
    finish_signing(
        session_id=session.id, appointment=clerk, sha256=sha256, signature=token(session.challenge)
    )

    copy = finish_copy(session_id=session.id, clerk=clerk)

    assert copy.document.code == "01/SY-UBND"


def test_a_wrong_answer_gives_no_number(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)

    with pytest.raises(WrongSignature):
        finish_copy(session_id=session.id, clerk=clerk, signature=b"x" * 256)

    assert not Outgoing.objects.exists()
    assert finish_copy(session_id=session.id, clerk=clerk, signature=token(session.challenge)).number == 1


def test_others_finish_nothing_and_only_clerks_begin(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)
    colleague = AppointmentFactory(unit=clerk.unit, roles=[Role.CLERK])

    with pytest.raises(NotFound):
        finish_copy(session_id=session.id, clerk=colleague, signature=token(session.challenge))
    with pytest.raises(NotPermitted):
        begun(head, head, source)
    with pytest.raises(InvalidInput):
        begun(clerk, head, source, pages="1")
    assert not Outgoing.objects.exists()


def test_what_was_recalled_meanwhile_is_not_copied(desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)
    Incoming.objects.filter(pk=source.pk).update(state=IncomingState.RECALLED)

    with pytest.raises(NotCopyable):
        finish_copy(session_id=session.id, clerk=clerk, signature=token(session.challenge))

    assert not Outgoing.objects.exists()


def test_the_server_does_not_copy_with_a_key_in_a_token(desk):
    clerk, head, source = desk
    wanted = WantedCopy(kind=CopyKind.SAO_Y, decided_by=head)

    with pytest.raises(SignOnDevice):
        make_copy(clerk=clerk, source=source, wanted=wanted, request_key="k", at=timezone.now())


def test_the_signing_program_is_asked_for_a_copy(desk):
    clerk, head, source = desk
    Credential.objects.update(provider="vgca")

    errand = send_errand(session_id=begun(clerk, head, source).id, appointment=clerk, at=timezone.now())

    assert errand.function == "vgca_sign_copy"
    assert errand.parameters["DocNumber"] == source.document.code


def test_the_page_asks_the_token_and_shows_the_copy(client, desk):
    clerk, head, source = desk
    sign_in(client, clerk)
    given = {"kind": "SY", "pages": "", "decided_by": head.pk, "request_key": "k"}

    asked = client.post(reverse("documents:copy_incoming", args=[source.pk]), given)
    page = client.get(asked.url)
    answer = base64.b64encode(token(page.context["info"].challenge)).decode()
    told = client.post(f"{asked.url}finish/", {"signature": answer, "cms": "", "errand": ""})
    shown = client.get(asked.url)

    copy = Outgoing.objects.get()
    assert page.context["info"].challenge["attributes"].encode() in page.content
    assert told.json()["done"] is True
    assert shown.url == reverse("documents:outgoing", args=[copy.pk])


def test_a_stranger_to_the_copy_sees_no_page(client, desk):
    clerk, head, source = desk
    session = begun(clerk, head, source)
    sign_in(client, AppointmentFactory(unit=clerk.unit, roles=[Role.CLERK]))

    assert client.get(reverse("documents:copy_device", args=[session.id])).status_code == 404
    assert client.post(reverse("documents:copy_device_finish", args=[session.id])).status_code == 404


def test_programs_begin_and_finish(client, desk):
    clerk, head, source = desk
    sign_in(client, clerk)
    body = {"kind": "SY", "decided_by": head.pk, "request_key": "k"}

    asked = _posted(client, f"/api/v1/incoming/{source.pk}/copies/begin", body)
    unread = _posted(client, "/api/v1/copies/finish", {"session": asked.json()["session"], "signature": "ữ"})
    answer = base64.b64encode(token(asked.json()["challenge"])).decode()
    made = _posted(client, "/api/v1/copies/finish", {"session": asked.json()["session"], "signature": answer})

    assert (asked.status_code, unread.status_code, made.status_code) == (201, 422, 201)
    assert made.json()["code"] == "01/SY-UBND"


def _posted(client, path, body):
    return client.post(path, json.dumps(body), content_type="application/json")
