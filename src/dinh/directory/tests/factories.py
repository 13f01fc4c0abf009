from datetime import UTC, date, datetime

import factory

from dinh.directory.enums import Bloc, Level, Role
from dinh.directory.models import (
    Account,
    Appointment,
    Division,
    DivisionVersion,
    Person,
    Position,
    SecondFactor,
    Unit,
    UnitVersion,
)
from dinh.directory.operations.totp import seal
from dinh.kernel.text import fold, person_sort_key


class UnitVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UnitVersion

    name = factory.SelfAttribute("unit.name")
    short_name = factory.SelfAttribute("unit.short_name")
    abbreviation = factory.SelfAttribute("unit.abbreviation")
    parent = factory.SelfAttribute("unit.parent")
    search_name = factory.SelfAttribute("unit.search_name")
    valid_from = date(2016, 6, 1)


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"U{n}")
    name = factory.Sequence(lambda n: f"Ủy ban nhân dân xã số {n}")
    short_name = factory.Sequence(lambda n: f"UBND xã số {n}")
    search_name = factory.Sequence(lambda n: f"uy ban nhan dan xa so {n}")
    abbreviation = "UBND"
    bloc = Bloc.GOVERNMENT
    level = Level.COMMUNE
    place = "Quảng Khê"
    founded_date = date(2016, 6, 1)
    version = factory.RelatedFactory(UnitVersionFactory, factory_related_name="unit")


class DivisionVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DivisionVersion

    name = factory.SelfAttribute("division.name")
    abbreviation = factory.SelfAttribute("division.abbreviation")
    valid_from = date(2016, 6, 1)


class DivisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Division
        skip_postgeneration_save = True

    unit = factory.SubFactory(UnitFactory)
    name = "Phòng Công nghệ thông tin"
    abbreviation = factory.Sequence(lambda n: f"P{n}")
    version = factory.RelatedFactory(DivisionVersionFactory, factory_related_name="division")


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Person

    code = factory.Sequence(lambda n: f"T{n:06}")
    full_name = "Nông Thị Hoa"
    name_key = factory.LazyAttribute(lambda person: person_sort_key(person.full_name))
    search_name = factory.LazyAttribute(lambda person: fold(f"{person.full_name} {person.code}"))


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
