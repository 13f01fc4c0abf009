"""What the search box of every page finds among case files."""

from django.urls import reverse

from dinh.directory.models import Appointment
from dinh.kernel.shell import Hit
from dinh.records.queries.case_files import case_files_visible_to, matching


def case_files_found(appointment: Appointment, words: str, limit: int) -> list[Hit]:
    """Visible case files by the words of their title or code; one query."""
    rows = matching(case_files_visible_to(appointment), words).order_by("-year", "code", "pk")[:limit]
    return [Hit(row.title, reverse("records:case_file", args=[row.pk]), row.code) for row in rows]
