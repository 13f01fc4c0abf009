from datetime import date
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AppointmentFactory
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Document, Outgoing
from dinh.documents.operations.books import NewBook, open_book
from dinh.documents.operations.numbering import DateBeforeLast, NotSigned, reserve_number
from dinh.documents.operations.sealing import NotNumbered, seal_document
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

DAY = date(2026, 11, 24)


def clerk_() -> Appointment:
    return AppointmentFactory(roles=[Role.CLERK])


def signed(drafter: Appointment, state: str = OutgoingState.SIGNED) -> Outgoing:
    now = timezone.now()
    document = Document.objects.create(
        issuer=drafter.unit, issuer_name=drafter.unit.name, bloc="government", type_code="QĐ",
        notation="QĐ-UBND", subject="Về việc thử", created_at=now,
    )  # fmt: skip
    return Outgoing.objects.create(
        document=document, unit=drafter.unit, drafter=drafter, state=state, created_at=now, updated_at=now
    )


@pytest.mark.django_db
def test_numbers_follow_the_opening_number_and_a_retry_takes_none() -> None:
    clerk = clerk_()
    book = NewBook(
        direction="outgoing", year=2026, code="qd", name="Quyết định", type_codes=["QĐ"], opening_number=7
    )
    open_book(clerk=clerk, book=book, at=timezone.now())
    first, second = signed(clerk), signed(clerk)
    assert (
        reserve_number(clerk=clerk, outgoing_id=first.pk, dated=DAY, at=timezone.now()).code == "08/QĐ-UBND"
    )
    assert reserve_number(clerk=clerk, outgoing_id=first.pk, dated=DAY, at=timezone.now()).number == 8
    assert reserve_number(clerk=clerk, outgoing_id=second.pk, dated=DAY, at=timezone.now()).number == 9


@pytest.mark.django_db
def test_an_earlier_date_an_unsigned_draft_and_other_people_are_refused() -> None:
    clerk = clerk_()
    first, second = signed(clerk), signed(clerk)
    reserve_number(clerk=clerk, outgoing_id=first.pk, dated=DAY, at=timezone.now())
    with pytest.raises(DateBeforeLast):
        reserve_number(clerk=clerk, outgoing_id=second.pk, dated=date(2026, 11, 23), at=timezone.now())
    draft = signed(clerk, OutgoingState.REVIEWING)
    with pytest.raises(NotSigned):
        reserve_number(clerk=clerk, outgoing_id=draft.pk, dated=DAY, at=timezone.now())
    with pytest.raises(NotFound):
        reserve_number(clerk=clerk_(), outgoing_id=second.pk, dated=DAY, at=timezone.now())
    drafter = AppointmentFactory(unit=clerk.unit)
    with pytest.raises(NotPermitted):
        reserve_number(clerk=drafter, outgoing_id=signed(drafter).pk, dated=DAY, at=timezone.now())
    assert not outgoing_visible_to(drafter).filter(pk=second.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_get_one_number() -> None:
    clerk = clerk_()
    outgoing, barrier, numbers = signed(clerk), Barrier(2), []

    def give() -> None:
        barrier.wait()
        try:
            numbers.append(
                reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now()).number
            )
        finally:
            connection.close()

    threads = [Thread(target=give) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [1, 1]


@pytest.mark.django_db
def test_a_voided_number_is_never_given_again() -> None:
    clerk = clerk_()
    first, second = signed(clerk), signed(clerk)
    reserve_number(clerk=clerk, outgoing_id=first.pk, dated=DAY, at=timezone.now())
    with pytest.raises(InvalidInput):
        void_number(clerk=clerk, outgoing_id=first.pk, reason=" ")
    void_number(clerk=clerk, outgoing_id=first.pk, reason="Sai thể thức")
    first.refresh_from_db()
    assert (first.state, first.void_reason) == (OutgoingState.VOIDED, "Sai thể thức")
    with pytest.raises(NotNumbered, match="Số của văn bản này đã bị hủy"):
        seal_document(clerk=clerk, outgoing_id=first.pk)
    assert reserve_number(clerk=clerk, outgoing_id=second.pk, dated=DAY, at=timezone.now()).number == 2
