"""The bytes that are hashed: one way only to write an entry and a seal."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Evidence is checked where no database and no models are.
    from dinh.audit.models import Entry, Seal

VERSION = 2
"""How seals are made now. Version 1 covered neither an entry's transaction nor the seal's horizon."""
_ENTRY_FIELDS = (
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


def entry_content(entry: "Entry", *, version: int = VERSION) -> dict[str, object]:
    """What of an entry is hashed under a seal of this version."""
    names = _ENTRY_FIELDS if version == 1 else (*_ENTRY_FIELDS, "transaction_id")
    return {name: getattr(entry, name) for name in names}


def entry_bytes(entry: "Entry", *, version: int = VERSION) -> bytes:
    return canonical_json(entry_content(entry, version=version))


def seal_content(seal: "Seal") -> dict[str, object]:
    """What of a seal is hashed."""
    content: dict[str, object] = {
        "number": seal.number,
        "sealed_at": seal.sealed_at,
        "entry_count": seal.entry_count,
        "root": bytes(seal.root).hex(),
        "previous": bytes(seal.previous).hex(),
    }
    return content if seal.version == 1 else content | {"version": seal.version, "horizon": seal.horizon}


def seal_digest(content: Mapping[str, object]) -> bytes:
    """What a seal signs, 32 bytes."""
    return hashlib.sha256(canonical_json(content)).digest()


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no canonical form")
