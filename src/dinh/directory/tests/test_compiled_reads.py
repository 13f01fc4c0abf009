"""Reads whose SQL is written once (`kernel.compiled`), on the people and units of the directory."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from dinh.directory.models import Appointment, Unit
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.kernel.compiled import CompiledRead

pytestmark = pytest.mark.django_db


def of_person(person_id, day):
    rows = Appointment.objects.filter(person_id=person_id, start_date__lte=day).select_related(
        "unit", "person"
    )
    return rows.order_by("pk")


def test_gives_the_rows_of_its_queryset_with_what_belongs_to_them(django_assert_num_queries):
    first, second = AppointmentFactory(), AppointmentFactory()
    read = CompiledRead(of_person, person_id=-1, day=date.min)
    today = date(2026, 11, 2)

    with django_assert_num_queries(2):
        found = [read.rows(person_id=each.person_id, day=today) for each in (first, second)]
        told = [(row.pk, row.unit.name, row.person.full_name) for (row,) in found]

    assert told == [(each.pk, each.unit.name, each.person.full_name) for each in (first, second)]
    assert read.rows(person_id=first.person_id, day=date(1900, 1, 1)) == []


def test_sees_what_changed_since():
    unit = UnitFactory(name="Sở A")
    read = CompiledRead(lambda pk: Unit.objects.filter(pk=pk).values_list("name", flat=True), pk=-1)
    before = read.rows(pk=unit.pk)

    Unit.objects.filter(pk=unit.pk).update(name="Sở B'; --")

    assert (before, read.rows(pk=unit.pk)) == (["Sở A"], ["Sở B'; --"])


def test_values_are_bound_never_written_into_the_statement():
    unit = UnitFactory(name="x' OR '1'='1")
    read = CompiledRead(lambda name: Unit.objects.filter(name=name), name="")

    assert [row.pk for row in read.rows(name=unit.name)] == [unit.pk]
    assert read.rows(name="y' OR '1'='1") == []


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection():
    unit = UnitFactory()
    read = CompiledRead(lambda pk: Unit.objects.filter(pk=pk), pk=-1)
    mine = read.rows(pk=unit.pk)

    def elsewhere():
        try:
            return read.rows(pk=unit.pk), id(connection.connection)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        theirs, other = pool.submit(elsewhere).result()

    assert mine == theirs == [unit]
    assert other != id(connection.connection)


@pytest.mark.parametrize(("after", "kept"), [(5, 1), (None, 0)], ids=["planned once", "behind an old pooler"])
def test_the_server_keeps_what_is_asked_often(after, kept, monkeypatch):
    read = CompiledRead(lambda pk: Unit.objects.filter(pk=pk).values_list("address", flat=True), pk=-1)
    unit = UnitFactory(address="Số 1")
    with connection.cursor() as cursor:
        monkeypatch.setattr(connection.connection, "prepare_threshold", after)
        cursor.execute("DEALLOCATE ALL")

        told = {read.rows(pk=unit.pk)[0] for _time in range(8)}

        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%directory_unit%'")
        assert (told, cursor.fetchone()) == ({"Số 1"}, (kept,))


def test_refuses_an_example_that_stands_nowhere():
    read = CompiledRead(lambda pk, day: Unit.objects.filter(pk=pk), pk=-1, day=date.min)

    with pytest.raises(ValueError, match="day"):
        read.rows(pk=1, day=date(2026, 1, 1))
