"""
One exchange as a line of the log: fields in the order of `COLUMNS`, separated by tabs, as COPY reads them.

The shipper copies lines as they are; all escaping happens here.
"""

import os
import re
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

COLUMNS: Final = (
    "id", "started_us", "front", "client", "provider", "service", "version", "operation", "grant_id", "method",
    "path", "message_id", "user_id", "issue", "status", "outcome", "reason", "request_bytes", "response_bytes",
    "request_sha256", "response_sha256", "duration_us", "upstream_us", "peer_key", "peer_proof",
)  # fmt: skip
SUBJECT: Final = "subject"
REPRESENTED: Final = "represented_party"
_LATER: Final = (SUBJECT, REPRESENTED)
"""
After these: the one in the lines of calls about a person, both in those of calls for a represented party
(X-Road-Represented-Party). All others stay as they were signed.
"""
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


def told(value: bytes, limit: int) -> str:
    """What a caller told of itself, fit for a field."""
    return _UNSAFE.sub("?", value.decode("utf-8", "replace")[:limit]) if value else ""


def line_of(row: Mapping[str, object]) -> bytes:
    """
    The line as the gateway wrote it, from what the database has of it: the bytes that its batch signs.

    :param row: values by column, `started_at` among them
    """
    later = next((count for count in (2, 1) if row.get(_LATER[count - 1])), 0)
    names = (*COLUMNS, *_LATER[:later])
    return "\t".join(_field(name, row) for name in names).encode()


def fields_of(line: bytes) -> dict[str, str]:
    """A line's fields by name, as they stand in it."""
    values = line.decode().split("\t")
    names = (*COLUMNS, *_LATER[: len(values) - len(COLUMNS)])
    return dict(zip(names, values, strict=True))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _field(name: str, row: Mapping[str, object]) -> str:
    if name == "started_us":
        started = row["started_at"]
        assert isinstance(started, datetime)  # noqa: S101 the column's type
        since = started - _EPOCH
        return str((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    value = row[name]
    return "\\N" if value is None else str(value).replace("\\", "\\\\")


_ready: Final[deque[bytes]] = deque()
# Two processes must never draw the same ones.
os.register_at_fork(after_in_child=_ready.clear)


def random_bytes() -> bytes:
    """16 bytes of the system's chance, of which many are fetched at once: each fetch costs as much as a signature."""
    try:
        return _ready.pop()
    except IndexError:
        drawn = os.urandom(16 * 256)
        _ready.extend(drawn[at : at + 16] for at in range(16, len(drawn), 16))
        return drawn[:16]


def new_id(moment: float = 0.0) -> str:
    """An id of RFC 9562, version 7: milliseconds (of now, unless told), then chance; 36 characters."""
    chance = random_bytes().hex()
    first = f"{int((moment or time.time()) * 1000):012x}"
    return f"{first[:8]}-{first[8:]}-7{chance[:3]}-{_VARIANT[chance[3]]}{chance[4:7]}-{chance[7:19]}"


_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
