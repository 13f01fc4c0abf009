"""Dates as PDF writes them (ISO 32000-2, 7.9.4)."""

import re
from datetime import UTC, datetime, timedelta, timezone

from ..pdf.objects import Obj

_DATE = re.compile(
    rb"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+\-Z])(?:(\d\d)'?(?:(\d\d)'?)?)?)?\s*"
)


def parse_pdf_date(value: Obj) -> datetime | None:
    """The moment, or None if it is no date; without an offset it is taken as UTC."""
    match = _DATE.fullmatch(value) if isinstance(value, bytes) and len(value) < 64 else None
    if match is None:
        return None
    year, *rest = (int(part) if part else None for part in match.groups()[:6])
    month, day, hour, minute, second = (part or 0 for part in rest)
    try:
        offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
        zone = timezone(-offset if match[7] == b"-" else offset) if offset else UTC
        return datetime(year or 1, month or 1, day or 1, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
