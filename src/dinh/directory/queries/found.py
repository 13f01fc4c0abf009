"""What the search box of every page finds among units and people."""

from django.urls import reverse
from django.utils import timezone

from dinh.directory.models import Appointment, Person
from dinh.directory.queries.people import people_matching, people_visible_to, with_appointments
from dinh.directory.queries.tree import tree_matching, tree_visible_to
from dinh.kernel.shell import Hit


def units_found(appointment: Appointment, words: str, limit: int) -> list[Hit]:
    """Units by the words of their names of today, or by a code; two queries."""
    day = timezone.localdate()
    rows = tree_matching(tree_visible_to(appointment, day=day), words, day=day)[:limit]
    return [
        Hit(row.name, reverse("directory:unit", args=[row.unit_id]), row.parent.name if row.parent else "")
        for row in rows
    ]


def people_found(appointment: Appointment, words: str, limit: int) -> list[Hit]:
    """People by the words of their names, with what they are."""
    found = people_matching(people_visible_to(appointment), words)
    rows = with_appointments(found, today=timezone.localdate())[:limit]
    return [Hit(row.full_name, reverse("directory:person", args=[row.pk]), _positions(row)) for row in rows]


def _positions(person: Person) -> str:
    held: list[Appointment] = person.held  # type: ignore[attr-defined]
    return "; ".join(f"{each.position.name}, {each.unit.short_name}" for each in held)
