"""The blank Word form of a type of document (tải mẫu)."""

from datetime import date

from dinh.directory.models import Appointment
from dinh.documents.docx import build_template
from dinh.documents.letters import document_types, variant_of


def blank_form(drafter: Appointment, type_code: str, *, on: date) -> bytes | None:
    """The form that the drafter's unit and division use on a day; None where the bloc has no such type."""
    own, division = drafter.unit, drafter.division
    if type_code not in {each.code for each in document_types(bloc=own.bloc, on=on)}:
        return None
    return build_template(
        type_code=type_code,
        bloc=own.bloc,
        variant=variant_of(bloc=own.bloc, issuer=own.name),
        law_date=on,
        issuing_agency=own.name,
        issuer=own.abbreviation,
        place_name=own.place,
        parent_agency=own.parent.name if own.parent else "",
        drafter=division.abbreviation if division else "",
    )
