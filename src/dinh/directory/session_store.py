"""Sessions in the database, as Django keeps them; read on every request by a statement that is written once."""

from typing import Final

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.utils import timezone

from dinh.kernel.compiled import CompiledRead

_LIVE: Final[CompiledRead[Session]] = CompiledRead(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key="",
    now=timezone.now(),
)


class SessionStore(DatabaseSessions):
    def _get_session_from_db(self) -> Session | None:
        found = next(iter(_LIVE.rows(key=self.session_key, now=timezone.now())), None)
        if found is None:
            self._session_key = None
        return found
