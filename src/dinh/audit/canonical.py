"""The bytes that are hashed: one way only to write an entry and a seal."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Evidence is checked where no database and no models are.
    from dinh.audit.models import Entry

ENTRY_FIELDS = (
    "id",
    "recorded_at",
    "action",
    "person_id",
    "person_name",
    "appointment_id",
    "position",
    "unit_id",
    "unit_name",
    "target_type",
    "target_id",
    "details",
    "request_id",
)


def canonical_json(value: Mapping[str, object]) -> bytes:
    """Sorted keys, no white space, UTF-8; moments in UTC with microseconds."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_moment
    ).encode()


def entry_content(entry: "Entry") -> dict[str, object]:
    """What of an entry is hashed."""
    return {name: getattr(entry, name) for name in ENTRY_FIELDS}


def entry_bytes(entry: "Entry") -> bytes:
    return canonical_json(entry_content(entry))


def seal_digest(*, number: int, sealed_at: datetime, entry_count: int, root: bytes, previous: bytes) -> bytes:
    """What a seal signs, 32 bytes."""
    content = {
        "number": number,
        "sealed_at": sealed_at,
        "entry_count": entry_count,
        "root": root.hex(),
        "previous": previous.hex(),
    }
    return hashlib.sha256(canonical_json(content)).digest()


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no canonical form")
