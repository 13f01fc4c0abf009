"""A letter to try one's own token on, before it counts: it goes nowhere and says so."""

from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.pdf import render_pdf
from dinh.pki.api import Box, FieldSpec, add_fields
from dinh.signing.operations.sessions import SessionInfo, begin_signing
from dinh.signing.operations.signing import keep

TRIAL_FIELD: Final = "Signature.trial"
_PLACE: Final = Box(page=1, left=355, bottom=560, right=520, top=632)


def begin_trial_signature(*, appointment: Appointment) -> SessionInfo:
    """
    Begin to sign a test letter with one's own certificate; errors and effects as `begin_signing`.
    """
    return begin_signing(
        sha256=keep(add_fields(pdf=_letter(appointment), fields=[FieldSpec(TRIAL_FIELD, _PLACE)])),
        field_name=TRIAL_FIELD,
        as_="person",
        appointment=appointment,
        certify=True,
    )


def _letter(appointment: Appointment) -> bytes:
    data = {
        "title": _("Trial of a digital signature"),
        "body": _(
            "This letter only tries a digital signature. It is no document of any agency and goes nowhere."
        ),
        "position": appointment.position.name,
        "name": appointment.person.full_name,
    }
    return render_pdf("signing/trial.typ", data, made_at=timezone.now(), replace_unprintable=True).pdf
