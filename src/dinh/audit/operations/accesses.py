"""Write down who looked at what."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from dinh.audit.api import Actor

SAME_LOOK: Final = timedelta(minutes=1)
"""A file read in pieces, and a page loaded twice, is one look."""

_WRITE: Final = """
INSERT INTO audit_access (target_type, target_id, what, day, appointment_id, person_name, position, unit_id,
    first_at, last_at, times)
VALUES (%(target_type)s, %(target_id)s, %(what)s, %(day)s, %(appointment_id)s, %(person_name)s, %(position)s,
    %(unit_id)s, %(at)s, %(at)s, 1)
ON CONFLICT (target_type, target_id, unit_id, day, appointment_id, what)
DO UPDATE SET last_at = EXCLUDED.last_at, times = audit_access.times + 1
WHERE audit_access.last_at < EXCLUDED.last_at - %(same)s
"""


def write_access(*, target_type: str, target_id: str, what: str, actor: Actor, at: datetime) -> None:
    """One statement, whether it is the first look of the day or not."""
    given: dict[str, Any] = {
        "target_type": target_type,
        "target_id": target_id,
        "what": what,
        "day": timezone.localdate(at),
        "appointment_id": actor.appointment_id,
        "person_name": actor.person_name,
        "position": actor.position,
        "unit_id": actor.unit_id,
        "at": at,
        "same": SAME_LOOK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, given)
