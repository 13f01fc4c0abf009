from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from dinh.directory.models import SignedInSession


def live_sessions(*, account_id: int, at: datetime) -> QuerySet[SignedInSession]:
    """Where an account is signed in, last used first; without what was ended or has run out."""
    kept = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=at)
    return SignedInSession.objects.filter(Exists(kept), account_id=account_id, ended_at=None)
