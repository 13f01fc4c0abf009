"""Letters signed by hand, secret letters, and the confirmation that paper went out."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.enums import Channel, OutgoingState, Secrecy
from dinh.documents.models import Dispatch, Document, Incoming, Outgoing
from dinh.documents.operations.dispatch import NotDispatchable, OutgoingNotFound, dispatch_document
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.operations.numbering import DateBeforeLast
from dinh.documents.operations.on_paper import (
    NothingPosted,
    NotOnPaper,
    PaperLetter,
    confirm_posted,
    issue_on_paper,
    register_on_paper,
)
from dinh.documents.tests.test_incoming import sealed, staff, unit
from dinh.kernel.errors import InvalidInput, NotPermitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def paper(clerk, **given) -> PaperLetter:
    wanted = {
        "type_code": "QĐ",
        "subject": "khen thưởng",
        "signer": AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD]),
        "dated": timezone.localdate(),
    }
    return PaperLetter(**wanted | given)


def register(clerk, *, key=None, **given) -> Outgoing:
    return register_on_paper(clerk=clerk, letter=paper(clerk, **given), at=timezone.now(), request_key=key)


def test_paper_takes_the_next_number_of_the_same_series_once(clerk):
    key, other = uuid4(), UnitFactory()
    recipients = [WantedRecipient(unit_id=other.pk), WantedRecipient(name="Ông A", address="Hà Nội")]

    first = register(clerk, key=key, recipients=recipients)
    again = register(clerk, key=key, recipients=recipients)
    second = register(clerk)

    assert (first.pk, first.document.number, second.document.number) == (again.pk, 1, 2)
    assert first.state == OutgoingState.ISSUED
    assert set(first.recipients.values_list("channel", flat=True)) == {Channel.PAPER}
    assert not Incoming.objects.exists()
    assert [entry.action for entry in trace_of(first)] == ["documents.document.registered_on_paper"]


def test_a_secret_letter_has_its_own_series(clerk):
    plain = register(clerk)
    secret = register(clerk, secrecy=Secrecy.SECRET)

    assert (plain.document.number, secret.document.number) == (1, 1)
    assert (plain.book.is_secret, secret.book.is_secret) == (False, True)


def test_faults_are_told_field_by_field_and_take_no_number(clerk):
    wrong = {
        "type_code": "??",
        "subject": " ",
        "signer": AppointmentFactory(roles=[Role.UNIT_HEAD]),
        "dated": timezone.localdate() + timedelta(days=1),
        "secrecy": 9,
    }

    with pytest.raises(InvalidInput) as caught:
        register(clerk, **wrong)

    fields = [each.field for each in caught.value.faults]
    assert fields == ["subject", "dated", "secrecy", "signer", "type_code"]
    assert not Document.objects.exists()


def test_dates_rise_with_numbers_and_only_clerks_give_them(clerk):
    register(clerk)

    with pytest.raises(DateBeforeLast):
        register(clerk, dated=timezone.localdate() - timedelta(days=1))
    with pytest.raises(NotPermitted):
        register(AppointmentFactory(unit=clerk.unit))
    assert Outgoing.objects.count() == 1


def test_a_secret_letter_is_never_sent_but_issued_on_paper():
    clerk = staff(unit(), "clerk")
    outgoing = sealed(clerk, [unit(), unit()])
    Document.objects.filter(pk=outgoing.document_id).update(secrecy=Secrecy.CONFIDENTIAL)

    with pytest.raises(NotDispatchable):
        dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key="k", at=timezone.now())
    for _twice in range(2):
        issued = issue_on_paper(clerk=clerk, outgoing_id=outgoing.pk, at=timezone.now())

    assert issued.state == OutgoingState.ISSUED
    assert not Dispatch.objects.exists()
    assert not Incoming.objects.exists()
    assert outgoing.recipients.filter(channel=Channel.PAPER, sent_at__isnull=False).count() == 2


def test_what_is_not_secret_is_sent_and_strangers_find_nothing():
    clerk = staff(unit(), "clerk")
    outgoing = sealed(clerk, [unit()])

    with pytest.raises(NotOnPaper):
        issue_on_paper(clerk=clerk, outgoing_id=outgoing.pk, at=timezone.now())
    with pytest.raises(OutgoingNotFound):
        issue_on_paper(clerk=staff(unit(), "clerk"), outgoing_id=outgoing.pk, at=timezone.now())


def test_paper_is_confirmed_as_sent_once(clerk):
    outgoing = register(clerk, recipients=[WantedRecipient(name="Ông A"), WantedRecipient(name="Bà B")])
    first, second = outgoing.recipients.all()
    given = {"clerk": clerk, "outgoing_id": outgoing.pk, "note": "EMS 1", "at": timezone.now()}

    assert confirm_posted(recipient_ids=[first.pk], **given) == 1
    with pytest.raises(NothingPosted):
        confirm_posted(recipient_ids=[first.pk], **given)
    with pytest.raises(OutgoingNotFound):
        confirm_posted(recipient_ids=[second.pk], **given | {"clerk": AppointmentFactory(roles=[Role.CLERK])})

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.posted_note, first.posted_by, second.posted_at) == ("EMS 1", clerk, None)
