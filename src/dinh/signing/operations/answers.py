"""What a page sends back after it asked its holder's device."""

from collections.abc import Mapping
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import InvalidInput
from dinh.signing.operations.errands import returned_letter
from dinh.signing.operations.sessions import device_answer


class DeviceAnswer(TypedDict):
    """One of: raw signature, whole CMS, whole PDF; none where the server reaches the key."""

    signature: bytes | None
    cms: bytes | None
    pdf: bytes | None


def read_answer(*, data: Mapping[str, str], session_id: UUID, appointment: Appointment) -> DeviceAnswer:
    """
    The answer for `finish_signing` from a page's form: `signature` or `cms` in base64, or the `errand` on which a
    signing program returned the whole letter; all empty where the server reaches the key.

    :raises InvalidInput: if one of them is unreadable
    :raises NotFound, SessionFinished: as `returned_letter`
    """
    errand, pdf = data.get("errand", ""), None
    if errand:
        pdf = returned_letter(errand_id=_uuid(errand), session_id=session_id, appointment=appointment)
    return {
        "signature": device_answer(data.get("signature", ""), field="signature"),
        "cms": device_answer(data.get("cms", ""), field="cms"),
        "pdf": pdf,
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(_("The signing plugin answered something unreadable."), field="errand") from error
