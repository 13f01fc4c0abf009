"""Who asked for access hears of the decision; callers hear that a version ends."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.models import System
from dinh.exchange.operations.grants import (
    NewGrant,
    approve_grant,
    ask_for_access,
    refuse_grant,
    revoke_grant,
)
from dinh.exchange.operations.services import deprecate_version, retire_version
from dinh.exchange.tests.world import make_system
from dinh.notify.models import Notification

pytestmark = pytest.mark.django_db
QUERIES = 20


@pytest.fixture
def asker():
    """Head of the unit that asks."""
    return AppointmentFactory(roles=[Role.UNIT_HEAD])


@pytest.fixture
def deputy(asker):
    return AppointmentFactory(unit=asker.unit, roles=[Role.UNIT_DEPUTY])


def asked(version, asker):
    system = make_system(f"MC{System.objects.count()}", unit=asker.unit)
    today = timezone.localdate()
    new = NewGrant(
        system_id=system.pk,
        version_id=version.pk,
        operation_ids=[version.operations.first().pk],
        purpose="Đăng ký khai sinh",
        legal_basis="Luật Hộ tịch",
        valid_from=today,
        valid_to=today + timedelta(days=30),
    )
    return ask_for_access(new=new, actor=asker, at=timezone.now())


def approved(version, owner, asker):
    grant = asked(version, asker)
    approve_grant(grant_id=grant.pk, reason="", actor=owner, at=timezone.now())
    Notification.objects.all().delete()
    return grant


def told():
    return sorted(Notification.objects.values_list("appointment_id", "text", "url"))


def test_those_who_asked_hear_of_the_approval(owner, asker, deputy, version):
    AppointmentFactory(unit=asker.unit, roles=[Role.SPECIALIST])
    grant = asked(version, asker)

    with override("en"):
        approve_grant(grant_id=grant.pk, reason="", actor=owner, at=timezone.now())

    text = (
        f"{grant.system.name} được khai thác {version.service.title} 1 từ ngày {grant.valid_from:%d/%m/%Y}."
    )
    url = reverse("exchange:grant", args=[grant.pk])
    assert told() == [(each.pk, text, url) for each in (asker, deputy)]


def test_refusal_is_told_with_its_reason(owner, asker, version):
    grant = asked(version, asker)

    refuse_grant(grant_id=grant.pk, reason="không đúng mục đích", actor=owner, at=timezone.now())

    text = (
        f"Đề nghị khai thác {version.service.title} 1 của {grant.system.name} bị từ chối: không đúng mục đích"
    )
    assert told() == [(asker.pk, text, reverse("exchange:grant", args=[grant.pk]))]


def test_end_of_a_grant_is_told_to_the_other_side(owner, asker, version):
    first, second = approved(version, owner, asker), approved(version, owner, asker)

    revoke_grant(grant_id=first.pk, reason="hết nhu cầu", actor=asker, at=timezone.now())
    revoke_grant(grant_id=second.pk, reason="sai mục đích", actor=owner, at=timezone.now())

    service = f"{version.service.title} 1"
    assert [(who, text) for who, text, _url in told()] == sorted(
        [
            (owner.pk, f"{first.system.name} không còn được khai thác {service}: hết nhu cầu"),
            (asker.pk, f"{second.system.name} không còn được khai thác {service}: sai mục đích"),
        ]
    )


def test_callers_hear_that_a_version_ends(owner, asker, deputy, version):
    approved(version, owner, asker)
    AppointmentFactory(unit=deputy.unit, roles=[Role.ADMINISTRATOR], end_date=date(2020, 1, 1))
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])
    asked(version, stranger)

    deprecate_version(version_id=version.pk, sunset_date=date(2027, 1, 31), actor=owner, at=timezone.now())

    text = (
        f"{version.service.title} 1 sẽ bị thu hồi từ ngày 31/01/2027. Hãy chuyển hệ thống của bạn sang phiên bản "
        "mới hơn trước ngày đó."
    )
    url = reverse("exchange:service", args=[version.service_id])
    assert told() == [(each.pk, text, url) for each in (asker, deputy)]

    Notification.objects.all().delete()
    retire_version(version_id=version.pk, actor=owner, at=timezone.now())

    text = f"{version.service.title} 1 đã bị thu hồi và không còn trả lời lượt gọi nào."
    assert told() == [(each.pk, text, reverse("exchange:grants")) for each in (asker, deputy)]


def test_keepers_hear_for_outside_systems(owner, version):
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    colleague = AppointmentFactory(unit=keeper.unit, roles=[Role.ADMINISTRATOR])
    grant = asked(version, keeper)
    grant.system.member.unit = None
    grant.system.member.save()

    approve_grant(grant_id=grant.pk, reason="", actor=owner, at=timezone.now())

    assert [who for who, _text, _url in told()] == [keeper.pk, colleague.pk]


@pytest.mark.parametrize("grants", [1, 3])
def test_telling_of_an_end_costs_the_same_for_any_number(
    owner, version, grants, django_assert_max_num_queries
):
    for _each in range(grants):
        approved(version, owner, AppointmentFactory(roles=[Role.UNIT_HEAD]))

    with django_assert_max_num_queries(QUERIES):
        deprecate_version(version_id=version.pk, sunset_date=None, actor=owner, at=timezone.now())

    assert len(told()) == grants
