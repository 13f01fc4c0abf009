"""
Letters that the signing program on their holder's computer fetches, signs and returns whole (VGCA Sign Service).

The program is given a one-time address to fetch the letter from and an upload handler, both bound to one signing
session. What it returns is judged anew; it becomes a signature only when the holder's own page finishes the session.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.signing.models import PluginErrand, SigningSession
from dinh.signing.operations.returned import check_returned
from dinh.signing.operations.sessions import SessionFinished, open_session
from dinh.signing.operations.signing import keep
from dinh.signing.providers import plugin_function
from dinh.storage.api import read_blob

LIFETIME: Final = timedelta(minutes=10)
MAX_ATTEMPTS: Final = 10


class ErrandOver(DomainError):
    """The program was too often refused, or returned another file than the one that was taken."""


@dataclass(frozen=True, slots=True)
class Errand:
    """
    What the page hands to the signing program.

    :param function: of the program's interface, such as `vgca_sign_approved`
    :param parameters: its JSON parameters
    """

    id: UUID
    function: str
    parameters: Mapping[str, Any]


def send_errand(*, session_id: UUID, appointment: Appointment, at: datetime) -> Errand:
    """
    Let the signing program fetch the letter of an open session, once, within ten minutes. Each call makes new
    addresses; sessions are finished once all the same.

    :raises NotFound: if the appointment has begun no such session
    :raises SessionFinished, SessionExpired: if it waits no more
    """
    session = open_session(session_id=session_id, appointment=appointment, at=at)
    fetch, back = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    errand = PluginErrand.objects.create(
        session=session,
        fetch_digest=_digest(fetch),
        return_digest=_digest(back),
        created_at=at,
        expires_at=min(at + LIFETIME, session.expires_at),
    )
    return Errand(errand.pk, plugin_function(session.field_name), _parameters(session, fetch, back))


def _parameters(session: SigningSession, fetch: str, back: str) -> dict[str, Any]:
    about = {str(key): str(value) for key, value in session.about.items()}
    told = {
        "session": str(session.pk),
        "field": session.field_name,
        "certificate": session.credential.fingerprint,
    }
    return {
        "FileUploadHandler": _address("signing:plugin_upload", back),
        "SessionId": str(session.pk),
        "JWTToken": back,
        "FileName": _address("signing:plugin_letter", fetch),
        "DocNumber": about.get("DocNumber", ""),
        "IssuedDate": about.get("IssuedDate", ""),
        "MetaData": [{"Key": key, "Value": value} for key, value in told.items()],
    }


def _address(name: str, secret: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse(name, args=[secret])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def fetch_letter(*, secret: str, at: datetime) -> str:
    """
    SHA-256 of the letter behind a one-time address; from now on the address is used up. Writes an audit entry.

    :raises NotFound: if the address is unknown, used or too old
    """
    errands = PluginErrand.objects.filter(
        fetch_digest=_digest(secret), fetched_at=None, expires_at__gt=at, session__state="open"
    )
    errand = (
        errands.select_related("session__appointment").select_for_update(of=("self",), no_key=True).first()
    )
    if errand is None:
        raise _missing()
    errand.fetched_at = at
    errand.save(update_fields=["fetched_at"])
    session = errand.session
    details = {"field": session.field_name, "sha256": session.source_id}
    record("signing.session.fetched", target=session, actor=session.appointment, at=at, details=details)
    return str(session.source_id)


def is_awaited(*, secret: str, at: datetime) -> bool:
    """Whether a signed letter is awaited at this address: asked before anything of an upload is read."""
    awaited = PluginErrand.objects.filter(return_digest=_digest(secret), fetched_at__isnull=False)
    return awaited.filter(expires_at__gt=at).exists()


def return_letter(*, secret: str, bearer: str, pdf: bytes, at: datetime) -> PluginErrand:
    """
    Take what the program made of the letter, judged anew; it waits for its holder's page. Never inside a transaction.

    Writes an audit entry, also where it is refused. The same file again changes nothing.

    :param bearer: the token that came with the file, empty if none did
    :raises NotFound: if the address is unknown or too old, or the token is another errand's
    :raises NotOurRevision, UnreadablePdf: if it is not the letter with the one signature asked for
    :raises ErrandOver: if another file was taken before, or ten were refused
    """
    errand = _claimed(secret, bearer, at)
    session, digest = errand.session, hashlib.sha256(pdf).hexdigest()
    if errand.returned_id is not None:
        return _same(errand, digest)
    try:
        check_returned(
            before=read_blob(session.source_id),
            returned=pdf,
            field=session.field_name,
            fingerprint=session.credential.fingerprint,
        )
    except InvalidInput as refusal:
        _record(session, "refused", at, {"sha256": digest, "reason": str(refusal)})
        raise
    return _taken(errand, keep(pdf), at)


def _claimed(secret: str, bearer: str, at: datetime) -> PluginErrand:
    known = Q(return_digest=_digest(secret)) if bearer in ("", secret) else Q(pk=None)
    fresh = PluginErrand.objects.filter(known, expires_at__gt=at, fetched_at__isnull=False)
    errand = fresh.select_related("session__credential", "session__appointment").first()
    if errand is None:
        raise _missing()
    # Counted before the work is done, so that many uploads at once cost no more than ten.
    if not fresh.filter(attempts__lt=MAX_ATTEMPTS).update(attempts=F("attempts") + 1):
        raise ErrandOver(_("The signing program was refused too often. Start signing again."))
    return errand


def _same(errand: PluginErrand, digest: str) -> PluginErrand:
    if errand.returned_id != digest:
        raise ErrandOver(_("Another file was returned for this signature before. Start signing again."))
    return errand


@transaction.atomic
def _taken(errand: PluginErrand, sha256: str, at: datetime) -> PluginErrand:
    errand = PluginErrand.objects.select_for_update(no_key=True).get(pk=errand.pk)
    if errand.returned_id is not None:
        return _same(errand, sha256)
    errand.returned_id, errand.returned_at = sha256, at
    errand.save(update_fields=["returned", "returned_at"])
    _record(errand.session, "returned", at, {"sha256": sha256})
    return errand


def _record(session: SigningSession, fact: str, at: datetime, details: Mapping[str, str]) -> None:
    with transaction.atomic():
        told = {"field": session.field_name, **details}
        record(f"signing.session.{fact}", target=session, actor=session.appointment, at=at, details=told)


def returned_letter(*, errand_id: UUID, session_id: UUID, appointment: Appointment) -> bytes:
    """
    What the program returned on an errand of this appointment's own session.

    :raises NotFound: if there is no such errand
    :raises SessionFinished: if nothing came back on it
    """
    own = PluginErrand.objects.filter(session__appointment=appointment, session=session_id)
    errand = own.filter(pk=errand_id).first()
    if errand is None:
        raise _missing()
    if errand.returned_id is None:
        raise SessionFinished(_("The signing program has returned nothing yet. Sign again."))
    return read_blob(errand.returned_id)


def _missing() -> NotFound:
    return NotFound(_("The address is used up or too old. Start signing again."))
