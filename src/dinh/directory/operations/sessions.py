"""Browsers in which an account is signed in: known, shown to their owner, ended."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.audit.api import Acting
from dinh.directory.models import Account, SignedInSession
from dinh.kernel.errors import NotFound


def remember_session(
    *, account_id: int, session_key: str, device: str, address: str | None, at: datetime
) -> SignedInSession:
    """Note where an account has signed in."""
    return SignedInSession.objects.create(
        account_id=account_id,
        session_key=session_key,
        device=device,
        address=address,
        started_at=at,
        last_seen_at=at,
    )


def touch_session(*, session_key: str, address: str | None, at: datetime) -> None:
    """Note that a session was used just now."""
    live = SignedInSession.objects.filter(session_key=session_key, ended_at=None)
    live.update(last_seen_at=at, address=address)


def renew_session_key(*, old: str, new: str) -> None:
    """A session goes on under a new key, as it does after a change of password."""
    SignedInSession.objects.filter(session_key=old, ended_at=None).update(session_key=new)


@transaction.atomic
def end_session(*, account_id: int, session_id: int, actor: Acting, at: datetime) -> None:
    """
    Sign an account out of one of its browsers; what has ended already stays as it is.

    :raises NotFound: if it is not one of the account's own
    """
    session = SignedInSession.objects.filter(pk=session_id, account_id=account_id).first()
    if session is None:
        raise NotFound(_("You have no such session."))
    if session.ended_at is None:
        _end([session], at)
        details = {"device": session.device, "address": session.address}
        audit.record("directory.session.ended", target=session, actor=actor, at=at, details=details)


@transaction.atomic
def end_sessions(
    *, account: Account, actor: Acting | None, at: datetime, except_key: str | None = None
) -> int:
    """
    Sign an account out everywhere, except in one browser where its key is given.

    :returns: how many sessions were ended
    """
    live = list(account.signed_in_sessions.filter(ended_at=None).exclude(session_key=except_key or ""))
    _end(live, at)
    if live:
        details = {"sessions": len(live)}
        audit.record("directory.account.signed_out", target=account, actor=actor, at=at, details=details)
    return len(live)


@transaction.atomic
def forget_session(*, session_key: str, actor: Acting | None, at: datetime) -> None:
    """The user signs out in this browser."""
    session = SignedInSession.objects.filter(session_key=session_key, ended_at=None).first()
    if session is None:
        return
    _end([session], at)
    audit.record("directory.session.ended", target=session, actor=actor, at=at)


def _end(sessions: Iterable[SignedInSession], at: datetime) -> None:
    keys = [session.session_key for session in sessions]
    Session.objects.filter(session_key__in=keys).delete()
    SignedInSession.objects.filter(session_key__in=keys).update(ended_at=at)
