"""What the exchange's API takes and who asks."""

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field
from pydantic import AfterValidator

from dinh.directory.models import Appointment

PAGE = 50


def _without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a text."""
    if "\0" in text:
        raise ValueError(_("Leave out control characters."))
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[int, Field(ge=0, le=2**63 - 1)]


def text_of(given: str) -> str:
    """PostgreSQL takes no NUL in a text."""
    return given.replace("\0", " ").strip()


def own_of(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
