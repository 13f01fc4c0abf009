"""Officials, and the positions that they hold or held."""

from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from dinh.directory.models import Appointment, Person
from dinh.kernel.text import fold


def people_visible_to(appointment: Appointment) -> QuerySet[Person]:
    """All officials, by given name: whoever holds a position may see whom one can turn to."""
    return Person.objects.order_by("name_key", "id") if appointment.pk else Person.objects.none()


def people_matching(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """People whose name or code has all the words, with or without diacritics."""
    for word in fold(text).split():
        people = people.filter(search_name__contains=word)
    return people


def with_appointments(people: QuerySet[Person], *, today: date) -> QuerySet[Person]:
    """Each person with `held`: the appointments that hold on a day, highest first."""
    holds = Q(end_date=None) | Q(end_date__gte=today)
    held = Appointment.objects.filter(holds, start_date__lte=today)
    held = held.select_related("person", "unit", "position", "division").order_by("position__rank", "id")
    return people.prefetch_related(Prefetch("appointments", held, to_attr="held"))


def without_position(people: QuerySet[Person], *, day: date) -> QuerySet[Person]:
    """People who hold no position on a day, e.g. once their unit is merged and nobody has appointed them anew."""
    holds = Q(end_date=None) | Q(end_date__gte=day)
    held = Appointment.objects.filter(holds, person=OuterRef("pk"), start_date__lte=day)
    return people.exclude(Exists(held))


def units_of(person_id: int, *, today: date) -> set[int]:
    """Units in which a person holds a position on a day or will later."""
    lasting = Appointment.objects.filter(person=person_id).exclude(end_date__lt=today)
    return set(lasting.values_list("unit", flat=True))


def history_of(person: Person) -> QuerySet[Appointment]:
    """All appointments of a person, the last first."""
    appointments = person.appointments.select_related("unit", "position", "division")
    return appointments.order_by("-start_date", "-id")
