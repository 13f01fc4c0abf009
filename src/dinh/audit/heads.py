"""Seals' numbers and digests outside the database, so that a removed or rewritten end of the chain shows."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from dinh.audit.models import Seal


def heads_file() -> Path:
    return Path(settings.DATA_DIR) / "audit" / "heads.txt"


def note_heads(seals: Iterable["Seal"]) -> None:
    """Append the seals' digests; on disk when this returns."""
    lines = "".join(f"{seal.number} {bytes(seal.digest).hex()}\n" for seal in seals)
    if not lines:
        return
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        handle.write(lines)
        handle.flush()
        os.fsync(handle.fileno())


def noted_heads() -> Iterator[tuple[int, bytes]]:
    """All notes, in the order in which they were written; a line cut off by a crash is passed over."""
    path = heads_file()
    if not path.exists():
        return
    with path.open() as handle:
        for line in handle:
            number, __, digest = line.strip().partition(" ")
            if number.isdecimal() and len(digest) == 64:
                yield int(number), bytes.fromhex(digest)


def noted_otherwise(seals: Iterable["Seal"]) -> set[int]:
    """Numbers of those seals that were noted with another digest before."""
    digests = {seal.number: bytes(seal.digest) for seal in seals}
    if not digests or _last_noted() < min(digests):
        return set()
    return {number for number, digest in noted_heads() if digests.get(number, digest) != digest}


def _last_noted() -> int:
    """Number of the last line, without reading the whole file: it grows for years."""
    path = heads_file()
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 4096))
        numbers = [line.split(b" ")[0] for line in handle.read().splitlines()[1:]]
    return max((int(number) for number in numbers if number.isdigit()), default=1)
