from datetime import UTC, date, datetime

import factory

from dinh.directory.enums import Bloc, Level, Role
from dinh.directory.models import (
    Account,
    Appointment,
    Division,
    Person,
    Position,
    SecondFactor,
    Unit,
)
from dinh.directory.operations.totp import seal


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"U{n}")
    name = factory.Sequence(lambda n: f"Ủy ban nhân dân xã số {n}")
    short_name = factory.Sequence(lambda n: f"UBND xã số {n}")
    search_name = factory.Sequence(lambda n: f"uy ban nhan dan xa so {n}")
    abbreviation = "UBND"
    bloc = Bloc.GOVERNMENT
    level = Level.COMMUNE
    place = "Quảng Khê"


class DivisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Division

    unit = factory.SubFactory(UnitFactory)
    name = "Phòng Công nghệ thông tin"
    abbreviation = factory.Sequence(lambda n: f"P{n}")


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Person

    code = factory.Sequence(lambda n: f"T{n:06}")
    full_name = "Nông Thị Hoa"


class PositionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Position
        django_get_or_create = ("code",)

    code = "chuyen-vien"
    name = "Chuyên viên"
    rank = 20


class AppointmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Appointment

    person = factory.SubFactory(PersonFactory)
    unit = factory.SubFactory(UnitFactory)
    position = factory.SubFactory(PositionFactory)
    roles = [Role.SPECIALIST]
    start_date = date(2016, 6, 1)


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"hoa.{n}")
    person = factory.SelfAttribute("current_appointment.person")
    current_appointment = factory.SubFactory(AppointmentFactory)
    password = factory.django.Password("mật khẩu dài và riêng")


class SecondFactorFactory(factory.django.DjangoModelFactory):
    """Confirmed, with the secret of RFC 6238's appendix B."""

    class Meta:
        model = SecondFactor

    account = factory.SubFactory(AccountFactory)
    sealed_secret = factory.LazyFunction(lambda: seal(b"12345678901234567890"))
    confirmed_at = datetime(2026, 1, 5, tzinfo=UTC)
