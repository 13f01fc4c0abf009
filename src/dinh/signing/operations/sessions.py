"""
Signing in two phases, with minutes and a restart between them: most keys sit in people's USB ports.

Begun, a session waits in the database; finished once, by the one who began it, it gives the signed PDF.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.kernel.errors import DomainError, InvalidInput, NotFound, NotPermitted
from dinh.pki import api as pki
from dinh.signing.models import Credential, SessionState, SigningSession
from dinh.signing.operations.returned import check_returned
from dinh.signing.operations.signing import (
    SignedPdf,
    TextMark,
    chosen_credential,
    keep,
    kept,
    key_place,
    prepare_signature,
    with_signature,
)
from dinh.signing.providers import providers
from dinh.signing.rules import As, is_in_use
from dinh.storage.api import read_blob

LIFETIME: Final = timedelta(minutes=30)


class SessionExpired(DomainError):
    """The signature came too late."""


class SessionFinished(DomainError):
    """The session is closed: signed with another answer, or cancelled."""


class ChangedMeanwhile(DomainError):
    """The document is not the one any more that was prepared."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """
    A session that waits for its signature.

    :param provider: name in the registry of providers
    :param digest: SHA-256 of the signed attributes, hex
    :param challenge: what the page hands to the holder's device; empty where the server reaches the key
    """

    id: UUID
    provider: str
    digest: str
    challenge: Mapping[str, str]
    expires_at: datetime


def begin_signing(
    *,
    sha256: str,
    field_name: str,
    as_: As,
    appointment: Appointment,
    certify: bool = False,
    lock_fields: tuple[str, ...] = (),
    mark: TextMark | None = None,
    about: Mapping[str, str] | None = None,
) -> SessionInfo:
    """
    Prepare a signature and keep what is needed to finish it within 30 minutes. Never inside a transaction.

    Parameters as `sign_pdf`. Writes an audit entry. Beginning anew is harmless: nothing changes until a finish.

    :param about: what is shown where the key is released: "DocNumber", "IssuedDate", "Subject"
    :raises NotPermitted: if the appointment has no usable certificate of that kind
    :raises Unavailable: if the place where the key is released cannot be asked
    :raises PkiError, InvalidInput: as `dinh.pki.api.prepare`
    """
    credential, now = chosen_credential(appointment, as_), timezone.now()
    prepared = prepare_signature(
        credential, sha256=sha256, field=field_name, at=now, certify=certify, locks=lock_fields, mark=mark
    )
    told = " ".join(filter(None, (about or {}).values())) or field_name
    asked = providers[credential.provider].ask(key_place(credential), prepared, told)
    session = SigningSession(
        asked=asked,
        appointment=appointment,
        credential=credential,
        source_id=sha256,
        prepared_id=keep(prepared.document),
        ticket=prepared.ticket(),
        field_name=field_name,
        about=dict(about or {}),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    with transaction.atomic():
        session.save(force_insert=True)
        details = {"field": field_name, "sha256": sha256, "certificate": credential.fingerprint}
        record("signing.session.begun", target=session, actor=appointment, at=now, details=details)
    return _info(session, prepared)


def session_info(*, session_id: UUID, appointment: Appointment) -> SessionInfo:
    """
    An open session of this appointment again, for a page that was left and reloaded.

    :raises NotFound: if there is none of this appointment
    :raises SessionFinished, SessionExpired: if it waits no more
    """
    session = open_session(session_id=session_id, appointment=appointment, at=timezone.now())
    return _info(session, _restored(session))


def open_session(*, session_id: UUID, appointment: Appointment, at: datetime) -> SigningSession:
    """The row behind `session_info`; errors as there."""
    session = _own(session_id, appointment)
    _check_open(session, at)
    return session


def open_sessions(*, session_ids: Collection[UUID], appointment: Appointment) -> dict[UUID, SessionInfo]:
    """Those of these sessions of the appointment that still wait for their signature; one query for all."""
    sessions = SigningSession.objects.select_related("credential").filter(
        pk__in=session_ids,
        appointment=appointment,
        state=SessionState.OPEN,
        expires_at__gte=timezone.now(),
    )
    return {session.pk: _info(session, _restored(session)) for session in sessions}


def finish_signing(
    *,
    session_id: UUID,
    appointment: Appointment,
    sha256: str,
    signature: bytes | None = None,
    cms: bytes | None = None,
    pdf: bytes | None = None,
) -> SignedPdf:
    """
    Put the signature into what was prepared, once. Never inside a transaction.

    Writes an audit entry. Safe to retry: the same answer gives the same signed PDF again.

    :param sha256: of the document as it stands now; must be what the session was begun with
    :param signature: raw signature of the signed attributes, or
    :param cms: whole CMS that a device assembled, or
    :param pdf: the whole document as a program at the holder's computer signed it; none where the server
        reaches the key
    :raises NotFound: if the appointment has begun no such session
    :raises StillWaiting: if the holder has not released the key elsewhere yet; the session stays open
    :raises SessionExpired, SessionFinished, ChangedMeanwhile: if it is too late for this answer
    :raises NotPermitted: if the certificate was suspended or revoked meanwhile
    :raises WrongSignature: if the signature is not of the prepared document by the registered certificate
    :raises NotOurRevision: if the PDF is more, or less, than the document with that one signature
    """
    answer = _answer_digest(signature, cms, pdf)
    session = _own(session_id, appointment)
    if session.state == SessionState.FINISHED:
        return _repeated(session, answer)
    _check_open(session, timezone.now())
    if session.source_id != sha256:
        raise ChangedMeanwhile(_("The document changed while you signed. Read it again, then sign."))
    _check_usable(session.credential, appointment, timezone.now())
    signed = (
        _whole(session, pdf)
        if pdf is not None
        else kept(_signed(session, signature, cms), session.created_at)
    )
    return _closed(session, appointment, signed, answer)


def device_answer(text: str, *, field: str) -> bytes | None:
    """
    What a device answered, from base64; None if nothing.

    :raises InvalidInput: if it is no base64
    """
    try:
        return base64.b64decode(text, validate=True) if text else None
    except ValueError as error:
        raise InvalidInput(_("The signing plugin answered something unreadable."), field=field) from error


def signed_in_session(*, session_id: UUID, appointment: Appointment) -> SignedPdf | None:
    """
    What a finished session gave, for a caller that was stopped before it took the result; None if not finished.

    :raises NotFound: if the appointment has begun no such session
    """
    session = _own(session_id, appointment)
    if session.state != SessionState.FINISHED:
        return None
    return _result(session)


def cancel_signing(*, session_id: UUID, appointment: Appointment) -> None:
    """
    Give up a session. Writes an audit entry; cancelling again changes nothing.

    :raises NotFound: if the appointment has begun no such session
    :raises SessionFinished: if it is signed already
    """
    with transaction.atomic():
        session = _locked(_own(session_id, appointment))
        if session.state == SessionState.CANCELLED:
            return
        _check_not_closed(session)
        session.state, session.closed_at = SessionState.CANCELLED, timezone.now()
        session.save(update_fields=["state", "closed_at"])
        record("signing.session.cancelled", target=session, actor=appointment, at=session.closed_at)


def _own(session_id: UUID, appointment: Appointment) -> SigningSession:
    sessions = SigningSession.objects.select_related("credential").filter(appointment=appointment)
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise NotFound(_("There is no such signing session. Start signing again."))
    return session


def _info(session: SigningSession, prepared: pki.PreparedSignature) -> SessionInfo:
    credential = session.credential
    challenge = providers[credential.provider].challenge(key_place(credential), prepared)
    digest = prepared.attributes_digest.hex()
    return SessionInfo(session.pk, credential.provider, digest, challenge, session.expires_at)


def _restored(session: SigningSession) -> pki.PreparedSignature:
    return pki.PreparedSignature.restore(ticket=session.ticket, document=read_blob(session.prepared_id))


def _whole(session: SigningSession, pdf: bytes) -> SignedPdf:
    made = check_returned(
        before=read_blob(session.source_id),
        returned=pdf,
        field=session.field_name,
        fingerprint=session.credential.fingerprint,
    )
    return SignedPdf(keep(pdf), made.level, session.created_at)


def _signed(session: SigningSession, signature: bytes | None, cms: bytes | None) -> pki.SignedPdf:
    prepared, credential = _restored(session), session.credential
    if cms is not None:
        return pki.finish_with_cms(prepared=prepared, content=cms)
    if signature is None:
        provider = providers[credential.provider]
        signature = provider.sign(key_place(credential), prepared.attributes, asked=session.asked)
    return with_signature(prepared, signature)


@transaction.atomic
def _closed(session: SigningSession, appointment: Appointment, signed: SignedPdf, answer: str) -> SignedPdf:
    now = timezone.now()
    # In this order everywhere: the certificate, then the session.
    credential = Credential.objects.select_for_update(no_key=True).get(pk=session.credential_id)
    _check_usable(credential, appointment, now)
    session = _locked(session)
    if session.state == SessionState.FINISHED:
        return _repeated(session, answer)
    _check_open(session, now)
    session.state, session.closed_at, session.answer_digest = SessionState.FINISHED, now, answer
    session.result_id, session.level, session.notes = signed.sha256, signed.level, list(signed.notes)
    session.save(update_fields=["state", "closed_at", "answer_digest", "result", "level", "notes"])
    details = {"field": session.field_name, "sha256": signed.sha256, "level": signed.level}
    record("signing.session.finished", target=session, actor=appointment, at=now, details=details)
    return signed


def _locked(session: SigningSession) -> SigningSession:
    return SigningSession.objects.select_for_update(no_key=True).get(pk=session.pk)


def _repeated(session: SigningSession, answer: str) -> SignedPdf:
    if session.answer_digest != answer or session.result_id is None:
        raise SessionFinished(_("This document is signed already. Reload the page."))
    return _result(session)


def _result(session: SigningSession) -> SignedPdf:
    return SignedPdf(str(session.result_id), session.level, session.created_at, tuple(session.notes))


def _check_open(session: SigningSession, now: datetime) -> None:
    _check_not_closed(session)
    if session.expires_at < now:
        raise SessionExpired(_("The signature came too late. Start signing again."))


def _check_not_closed(session: SigningSession) -> None:
    if session.state == SessionState.FINISHED:
        raise SessionFinished(_("This document is signed already. Reload the page."))
    if session.state == SessionState.CANCELLED:
        raise SessionFinished(_("This signing session was cancelled. Start signing again."))


def _check_usable(credential: Credential, appointment: Appointment, now: datetime) -> None:
    if not (is_in_use(credential, now) and appointment.is_current(timezone.localdate(now))):
        raise NotPermitted(_("Your certificate was taken out of use meanwhile. Ask the administrator."))


def _answer_digest(*answers: bytes | None) -> str:
    given = [answer for answer in answers if answer is not None]
    if len(given) > 1:
        raise InvalidInput(_("Give one of the signature, the whole CMS and the whole PDF."), field="cms")
    return hashlib.sha256(given[0]).hexdigest() if given else ""
