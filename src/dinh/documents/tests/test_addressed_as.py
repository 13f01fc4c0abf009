import pytest
from django.utils import timezone

from dinh.directory.enums import Level
from dinh.directory.models import UnitGroup
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.models import Document, Outgoing, Recipient
from dinh.documents.queries.outgoing import addressed_as

pytestmark = pytest.mark.django_db


def outgoing_to(units):
    drafter = AppointmentFactory(unit=UnitFactory(level=Level.PROVINCE))
    now = timezone.now()
    document = Document.objects.create(
        issuer=drafter.unit, issuer_name="Sở", bloc="government", type_code="CV", subject="x", created_at=now
    )
    outgoing = Outgoing.objects.create(
        document=document, unit=drafter.unit, drafter=drafter, created_at=now, updated_at=now
    )
    Recipient.objects.bulk_create(
        Recipient(outgoing=outgoing, unit=unit, name=unit.name, sort_order=n) for n, unit in enumerate(units)
    )
    return outgoing


def test_few_recipients_are_named_singly():
    units = UnitFactory.create_batch(3)
    UnitGroup.objects.create(name="Các xã", level=Level.COMMUNE)

    assert addressed_as(outgoing_to(units)) == tuple(unit.name for unit in units)


def test_many_recipients_are_named_by_the_group_that_they_fill():
    communes, department = UnitFactory.create_batch(11), UnitFactory(level=Level.DISTRICT, name="Huyện")
    UnitGroup.objects.create(name="Các xã", level=Level.COMMUNE)

    assert addressed_as(outgoing_to([*communes, department])) == ("Các xã", "Huyện")


def test_group_with_a_member_left_out_is_not_named():
    communes = UnitFactory.create_batch(12)
    UnitGroup.objects.create(name="Các xã", level=Level.COMMUNE)

    assert addressed_as(outgoing_to(communes[1:])) == tuple(unit.name for unit in communes[1:])
